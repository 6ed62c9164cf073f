/** BullMQ ships its scripts as constants, and types for them only beside its other build. */
declare module 'bullmq/dist/cjs/scripts/addPrioritizedJob-9.js' {
  export const addPrioritizedJob: { readonly name: string; readonly content: string; readonly keys: number };
}
