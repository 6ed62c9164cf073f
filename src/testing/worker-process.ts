import { enableCompileCache } from 'node:module';

// A harness starts many of these, one after the other: what one has compiled, the next need not.
enableCompileCache();
await import('./worker-life.ts');
