/** The figures of messages. The label `agent` is the text form of a mailbox. */
export const MESSAGE_METRICS = {
  delivered: 'agent_orchestration_messages_delivered_total',
  /** Also by `reason`. */
  deliveryErrors: 'agent_orchestration_messages_delivery_errors_total',
  nacks: 'agent_orchestration_message_nacks_total',
  retries: 'agent_orchestration_message_retries_total',
  permanentFailures: 'agent_orchestration_message_permanent_failures_total',
  recovered: 'agent_orchestration_messages_recovered_total',
  duplicates: 'agent_orchestration_messages_duplicate_total',
  /** From being accepted to being received for the first time. */
  waitSeconds: 'agent_orchestration_message_wait_seconds',
  backoffSeconds: 'agent_orchestration_backoff_seconds',
  /** Also by `priority`: 9, 5 or 1. */
  queueLength: 'agent_orchestration_queue_length',
  reservedLength: 'agent_orchestration_reserved_length',
  dlqLength: 'agent_orchestration_dlq_length',
  auditFailures: 'agent_orchestration_message_audit_failures_total',
} as const;
