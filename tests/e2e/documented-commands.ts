/**
 * How every command that a document shows is executed. A command that is not here fails the test: add it when a
 * document gets a new one.
 */
export type Way =
  /** Executed here against a scratch fleet; its output must match. */
  | { readonly prints: RegExp }
  /** Starts the scratch fleet. */
  | { readonly serves: true }
  /** Executed by another test, which contains the text. */
  | { readonly coveredBy: string; readonly text: string }
  /** Cannot be executed where the tests run. */
  | { readonly needs: string };

const DOCKER: Way = { needs: 'a container engine' };
const EXAMPLES = 'tests/e2e/examples.test.ts';

/** By the first line of the command. */
export const DOCUMENTED_COMMANDS: Readonly<Record<string, Way>> = {
  'npm run demo': { prints: /turn/i },
  'npm test': { coveredBy: 'package.json', text: '"test": "sh scripts/bootstrap vitest run"' },
  'npm start': { serves: true },
  'npm run bench': {
    coveredBy: 'package.json',
    text: '"bench": "sh scripts/bootstrap node tests/bench/main.ts"',
  },
  'npm run soak': {
    coveredBy: 'package.json',
    text: '"soak": "sh scripts/bootstrap node tests/soak/main.ts"',
  },
  './bin/ao turn me "look around" --create': { prints: /.{50}/ },
  './bin/ao turn me "go south, then talk to the wise elder"': { prints: /elder/i },
  './bin/ao enqueue collaborative --session me --input \'{"text": "look around"}\' --wait': { prints: /wf_/ },
  './bin/ao turn ada "look around" --create': { prints: /.{50}/ },
  './bin/ao sessions show ada': { prints: /session +ada\n/ },
  './bin/ao sessions turns ada --limit 3': { prints: /> look around/ },
  './bin/ao sessions export ada': { prints: /"ao-session-1"/ },
  './bin/ao sessions delete ada --yes': { prints: /nothing of it is left/ },
  'curl -s http://127.0.0.1:8503/v1/sessions/ada': { prints: /"session_id":"ada"/ },
  'curl -s http://127.0.0.1:8503/v1/sessions/ada/export': { prints: /"ao-session-1"/ },
  'curl -s -X PATCH http://127.0.0.1:8503/v1/sessions/ada -H \'content-type: application/json\' -d \'{"therapeutic_context": {"goals": ["make new friends"]}}\'':
    { prints: /"goals":\["make new friends"\]/ },
  'curl -s http://127.0.0.1:8503/play': { prints: /^<!doctype html>/ },
  "printf 'look around\\n/path\\ngo south\\n' | ./bin/ao play --new": {
    prints: /look around\n[^]*go south\n[^]*village[^]*NGA .*settled/,
  },
  './bin/ao queues': { prints: /ipa.*\n(?:.*\n)*.*maintenance/ },
  './bin/ao dlq list': { prints: /no dead letters/i },
  './bin/ao messages send greeter:g1 --payload \'{"text": "hello"}\'': {
    prints: /^msg-\S+ is in greeter:g1\n$/,
  },
  './bin/ao messages': { prints: /^greeter:g1 +0 +\d +0 +0 +0 +0 /m },
  './bin/ao messages show greeter:g1': { prints: /^waiting +(\d) \(high 0, normal \1, low 0\)$/m },
  './bin/ao recover': {
    prints: /^Recovered messages summary:\n {2}No expired reservations found\.\nTotal recovered: 0\n$/,
  },
  './bin/ao agents': { prints: /^input_processor:\S+ +(idle|busy) +healthy /m },
  './bin/ao route preview ipa --all': {
    prints: /^input_processor:\S+ \(selected minimal weighted score\)$/m,
  },
  './bin/ao capabilities find text_analysis': {
    prints: /^input_processor:\S+ +text_analysis +1\.0\.0 +0\.96 /m,
  },
  'node examples/coordination/basic-usage.ts redis://127.0.0.1:6379/0': {
    coveredBy: 'tests/e2e/package.test.ts',
    text: "'basic-usage.ts'",
  },
  'node examples/coordination/custom-agent-types.ts redis://127.0.0.1:6379/0': {
    coveredBy: 'tests/e2e/package.test.ts',
    text: "'custom-agent-types.ts'",
  },
  'node examples/coordination/fault-tolerance.ts redis://127.0.0.1:6379/0': {
    coveredBy: 'tests/e2e/package.test.ts',
    text: "'fault-tolerance.ts'",
  },
  './bin/recover redis://localhost:6379/0 --key-prefix ao': {
    coveredBy: 'tests/e2e/messages.test.ts',
    text: "sh('bin/recover', server.url, '--key-prefix', prefix)",
  },
  'curl -s http://127.0.0.1:8503/v1/messages -H \'content-type: application/json\' -d \'{"message_id": "hello-0001", "sender": {"type": "caller"}, "recipient": {"type": "greeter", "instance": "g1"}, "message_type": "event", "payload": {"text": "hello"}}\'':
    { prints: /"delivered":true/ },
  'curl -s http://127.0.0.1:8503/v1/mailboxes/greeter/g1': { prints: /"dlq":0/ },
  'curl -s "http://127.0.0.1:8503/v1/audit/messages?message_id=hello-0001"': { prints: /"event":"sent"/ },
  './bin/ao doctor': { prints: /redis/i },
  './bin/ao demo --fail nga': { prints: /nga/ },
  'curl -s http://127.0.0.1:8503/v1/sessions/me/turns -H \'content-type: application/json\' -d \'{"text": "go north"}\'':
    { prints: /"response_text"/ },
  'curl -s http://127.0.0.1:8503/v1/workflows/collaborative/runs -H \'content-type: application/json\' -H \'idempotency-key: order-66\' -d \'{"input": {"text": "look around"}, "session_id": "me", "wait_ms": 2000}\'':
    { prints: /"response_text"/ },
  'curl -s http://127.0.0.1:8503/metrics': { prints: /^agent_orchestration_build_info\{/m },

  './bin/ao turn me "go north" --create --json | sed -n \'s/.*"run_id": *"\\(wf_[^"]*\\)".*/\\1/p\' > /tmp/ao-run':
    { prints: /^$/ },
  './bin/ao workflows rollback "$(cat /tmp/ao-run)" --reason "a mistake"': { prints: /2 undone, 0 skipped/ },
  'curl -s "http://127.0.0.1:8503/v1/runs/$(cat /tmp/ao-run)/rollback-history"': {
    prints: /"reason":"a mistake".*"outcome":"complete"/,
  },
  'curl -s "http://127.0.0.1:8503/v1/runs/$(cat /tmp/ao-run)/rollback" -H \'content-type: application/json\' -d \'{"savepoint": "start"}\'':
    { prints: /"executed":0,"skipped":2/ },

  './bin/ao turn walker "go north, then go south" --create': { prints: /clearing/i },
  './bin/ao world walker': { prints: /^forest clearing\n[^]*version 1, turn 1\n$/ },
  './bin/ao world walker --version 0': { prints: /version 0 of 1, turn 0\n$/ },
  './bin/ao world walker --history 5': { prints: / wba +move_player north mountain_path/ },
  'curl -s http://127.0.0.1:8503/v1/sessions/walker/world': { prints: /"version":1,"current_version":1/ },
  'curl -s "http://127.0.0.1:8503/v1/sessions/walker/world/history?limit=5"': {
    prints: /"items":\[\{"version":1,.*"op":"move_player"/,
  },

  './bin/ao workflows check': { prints: /^\d+ runs checked, 0 findings, 0 repaired\n$/ },
  "curl -s -X POST http://127.0.0.1:8503/v1/workflows/consistency-check -H 'content-type: application/json' -d '{\"repair\": true}'":
    { prints: /"complete":true,"findings":\[\]/ },

  'node examples/receive-pages.ts': { coveredBy: EXAMPLES, text: "runExample('receive-pages.ts'" },
  './bin/ao safety escalations list --status pending': { prints: /no escalations/ },
  './bin/ao safety alerts': { prints: /^\s*$/ },
  'ao safety interventions list --state escalated': {
    coveredBy: 'tests/unit/cli/interventions.test.ts',
    text: "'list',",
  },
  'ao safety interventions show 01900000-0000-7000-8000-000000000000': {
    coveredBy: 'tests/unit/cli/interventions.test.ts',
    text: "['safety', 'interventions', 'show'",
  },
  'ao safety interventions resolve 01900000-0000-7000-8000-000000000000 --by dr-kim --notes "called, safe with family"':
    {
      coveredBy: 'tests/unit/cli/interventions.test.ts',
      text: "'resolve'",
    },
  'ao safety interventions release my-session': {
    coveredBy: 'tests/unit/cli/interventions.test.ts',
    text: "'release', 'me'",
  },
  'node examples/play-a-turn.ts': { coveredBy: EXAMPLES, text: "runExample('play-a-turn.ts'" },
  'node examples/enqueue-a-run.ts': { coveredBy: EXAMPLES, text: "runExample('enqueue-a-run.ts'" },
  'node examples/agent-in-a-workflow.ts': {
    coveredBy: EXAMPLES,
    text: "runExample('agent-in-a-workflow.ts'",
  },
  'node examples/watch-a-run.ts': { coveredBy: EXAMPLES, text: "runExample('watch-a-run.ts'" },
  'node examples/plain-bullmq-producer.mjs': {
    coveredBy: EXAMPLES,
    text: "runExample('plain-bullmq-producer.mjs'",
  },
  'node examples/roll-back-a-turn.ts': {
    coveredBy: EXAMPLES,
    text: "runExample('roll-back-a-turn.ts'",
  },
  'node examples/dead-letters.ts': { coveredBy: EXAMPLES, text: "runExample('dead-letters.ts'" },
  'node examples/send-a-message.ts': { coveredBy: EXAMPLES, text: "runExample('send-a-message.ts'" },

  './bin/ao enqueue input_processing --input \'{"text": "look around"}\' --delay 1 --dedup-id order-66': {
    prints: /^wf_\S+\n$/,
  },
  './bin/ao workflows list --limit 5': { prints: /^run_id .*\n(?:.*\n)*wf_.*input_processing@1/ },
  './bin/ao schedules set nightly --workflow input_processing --input \'{"text": "look around"}\' --cron \'0 3 * * *\' --timezone Europe/Berlin':
    { prints: /next run +20.*Z/ },
  './bin/ao schedules list': { prints: /nightly +input_processing +0 3 \* \* \* Europe\/Berlin/ },
  './bin/ao schedules show nightly': { prints: /overlap +allow/ },
  './bin/ao schedules delete nightly --yes': { prints: /^nightly deleted\n$/ },
  'node examples/schedule-runs.ts': { coveredBy: EXAMPLES, text: "runExample('schedule-runs.ts'" },
  './bin/ao definitions list': { prints: /^collaborative +1 +1 \(code\)$/m },
  './bin/ao definitions put examples/definitions/two-step.json': {
    prints: /^two_step@1 (is registered|stands)/,
  },
  './bin/ao definitions show two_step': { prints: /^workflow +two_step@1 \(stored\)$/m },
  './bin/ao enqueue two_step --input \'{"text": "go north"}\' --wait': { prints: /"skipped_steps": \[\]/ },
  "curl -s http://127.0.0.1:8503/v1/workflows/definitions -H 'content-type: application/json' -d @examples/definitions/patient-guide.json":
    { prints: /"name":"patient_guide","version"|"version":1,"source":"stored","name":"patient_guide"/ },
  'curl -s http://127.0.0.1:8503/v1/workflows/definitions/patient_guide': { prints: /"graph":/ },
  'curl -s http://127.0.0.1:8503/v1/workflows/patient_guide/runs -H \'content-type: application/json\' -d \'{"input": {"lines": ["go north"], "mood": "I feel calm"}}\'':
    { prints: /"run_id":"wf_/ },
  "curl -s -X DELETE 'http://127.0.0.1:8503/v1/workflows/definitions/nobody?version=1'": {
    prints: /"WORKFLOW_NOT_FOUND"/,
  },
  'node examples/register-a-workflow.ts': {
    coveredBy: EXAMPLES,
    text: "runExample('register-a-workflow.ts'",
  },
  './bin/ao costs': { prints: /^day +requests/m },
  './bin/ao costs --group-by model': { prints: /^model +requests/m },

  './bin/ao primitives list': { prints: /^agentic_rag .*in-process, durable/m },
  './bin/ao primitives graph rag --format mermaid': { prints: /^flowchart TD\n/ },
  './bin/ao primitives run rag --input \'{"query": "Where is the lighthouse?"}\'': {
    prints: /river meets the sea \[1\]/,
  },
  'LLM_BASE_URL=http://127.0.0.1:11434/v1 LLM_MODEL=llama3.2 ./bin/ao primitives run rag --input \'{"query": "Where is the lighthouse?"}\'':
    {
      coveredBy: 'tests/integration/models/model-port.test.ts',
      text: "describe('ao primitives run rag'",
    },
  './bin/ao primitives run multi_agent --engine durable --embedded --input \'{"request": "Compute the sum of 1 and 2."}\'':
    { prints: /"status": "completed"/ },

  './bin/ao primitives bench': {
    coveredBy: 'tests/integration/primitives/overhead.test.ts',
    text: "'primitives', 'bench'",
  },
  'AO_OTEL__ENABLED=true OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 npm start': {
    coveredBy: 'tests/e2e/tracing.test.ts',
    text: "AO_OTEL__ENABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT",
  },
  'LLM_BASE_URL=http://127.0.0.1:11434/v1 LLM_MODEL=llama3.2 npm start': {
    coveredBy: 'tests/e2e/fleet-models.test.ts',
    text: 'LLM_BASE_URL: server.url, LLM_MODEL:',
  },

  'sh deploy/make-secrets': {
    coveredBy: 'tests/architecture/compose.test.ts',
    text: "execFileSync('sh', [join(folder, 'make-secrets')]",
  },
  'docker compose up -d --build --wait': DOCKER,
  'curl -s http://127.0.0.1:8503/v1/sessions/me/turns -H "authorization: Bearer $(cat deploy/secrets/api_key)" -H \'content-type: application/json\' -d \'{"text": "look around", "create_session": true, "wait_ms": 10000}\'':
    DOCKER,
  'docker compose up -d --scale worker-nga=3 --no-recreate': DOCKER,
  'git pull': { needs: 'a newer version to go to' },
  'docker compose build --build-arg VERSION=0.2.0 --build-arg REVISION="$(git rev-parse HEAD)" api': DOCKER,
  'docker compose up -d --wait': DOCKER,
  'docker compose kill -s HUP api': DOCKER,
};
