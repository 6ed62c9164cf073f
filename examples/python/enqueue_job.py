"""A job for the input processor: python3 examples/python/enqueue_job.py [redis://… [prefix [text]]]

The contract is docs/job-contract.md. Needs the Python client of BullMQ: pip install -r examples/python/requirements.txt
"""

import asyncio
import json
import sys

from bullmq import Job, Queue


async def main(url="redis://127.0.0.1:6379/0", prefix="ao", text="take the lamp and go north"):
    queue = Queue("ipa", {"connection": url, "prefix": prefix})
    try:
        job = await queue.add(
            "understand",
            {"v": 1, "input": {"text": text}, "ctx": {"correlation_id": "python-4711"}},
            {"priority": 105, "attempts": 3, "backoff": {"type": "ao"}, "removeOnComplete": False},
        )
        output = await output_of(queue, job.id)
        print(f"{output['intent']}: {len(output['actions'])} actions")
    finally:
        await queue.close()


async def output_of(queue: Queue, job_id: str) -> dict:
    for _ in range(300):
        job = await Job.fromId(queue, job_id)
        if job is not None and job.failedReason and job.finishedOn:
            raise RuntimeError(job.failedReason)
        if job is not None and job.finishedOn:
            value = job.returnvalue
            return json.loads(value) if isinstance(value, str) else value
        await asyncio.sleep(0.1)
    raise TimeoutError(f"job {job_id} has not ended within 30 s")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
