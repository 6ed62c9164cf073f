import { connectRedis } from '../../src/redis/connect.ts';
import { RedisSafety } from './redis-safety.ts';
import { startScreenedApi } from './screened-api.ts';

// An API that is killed between writing a crisis down and answering: node dying-api.ts <redis> <prefix>
const [redisUrl, prefix] = process.argv.slice(2) as [string, string];
const redis = await connectRedis({ url: redisUrl, name: 'dying', onOutage: 'fail_fast' });
const safety = new RedisSafety(redis, prefix, () => process.kill(process.pid, 'SIGKILL'));
const { url } = await startScreenedApi(redisUrl, safety, { 'redis.key_prefix': prefix });
process.stdout.write(`${url}\n`);
