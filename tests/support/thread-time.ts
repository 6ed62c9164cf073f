/** Processor time of this thread so far, in milliseconds: what other processes take is none of it. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
