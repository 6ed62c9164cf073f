/** BullMQ ships its scripts as constants, and types for them only beside its other build. */
declare module 'bullmq/dist/cjs/scripts/addPrioritizedJob-9.js' {
  export const addPrioritizedJob: { readonly name: string; readonly content: string; readonly keys: number };
}
declare module 'bullmq/dist/cjs/scripts/moveToActive-11.js' {
  export const moveToActive: { readonly name: string; readonly content: string; readonly keys: number };
}
declare module 'bullmq/dist/cjs/scripts/moveToFinished-14.js' {
  export const moveToFinished: { readonly name: string; readonly content: string; readonly keys: number };
}
