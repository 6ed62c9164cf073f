"""A message to an agent: python3 examples/python/send_message.py [redis://… [prefix [type:instance [text]]]]

The contract is docs/other-languages.md. Needs the Python client of BullMQ: pip install -r examples/python/requirements.txt
"""

import asyncio
import sys
import uuid
from datetime import datetime, timezone
from urllib.parse import quote

from bullmq import Queue

# BullMQ counts the other way round: what is smaller goes first, and 0 would overtake everything.
JOB_PRIORITY = {9: 1, 5: 5, 1: 9}
RETRY = {"attempts": 4, "base_ms": 1000, "factor": 2, "max_ms": 30000, "jitter": 0}


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def send(url: str, prefix: str, recipient: str, message: dict, priority: int = 5) -> None:
    kind, instance = recipient.split(":")
    at = now()
    queue_message = {
        "message": {
            **message,
            "recipient": {"type": kind, "instance": None if instance == "default" else instance},
            "priority": priority,
            "timestamp": at,
        },
        "priority": priority,
        "enqueued_at": at,
        "enqueue_id": str(uuid.uuid4()),
        "retry": RETRY,
    }
    queue = Queue(f"msg.{kind}.{instance}", {"connection": url, "prefix": prefix})
    try:
        # Lists of mailboxes and sweeps know it from here on, also if nobody has received from it yet.
        await queue.client.sadd(f"{prefix}:mailboxes", recipient)
        await queue.add(
            "message",
            queue_message,
            {
                "jobId": "m-" + quote(message["message_id"], safe="-_.!~*'()"),
                "priority": JOB_PRIORITY[priority],
                "attempts": RETRY["attempts"],
                "backoff": {"type": "ao"},
                "removeOnComplete": True,
                "removeOnFail": False,
            },
        )
    finally:
        await queue.close()


async def main(url="redis://127.0.0.1:6379/0", prefix="ao", recipient="greeter:g1", text="hello from Python"):
    message_id = f"python-{uuid.uuid4()}"
    await send(
        url,
        prefix,
        recipient,
        {
            "message_id": message_id,
            "sender": {"type": "python_service", "instance": "p1"},
            "message_type": "event",
            "payload": {"text": text},
        },
        priority=9,
    )
    print(message_id)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
