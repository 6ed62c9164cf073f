import { createFleetClient, type FleetClient } from '../src/client/client.ts';

/** The fleet at the address that was given on the command line. */
export function connect(): FleetClient {
  const [, , baseUrl = 'http://127.0.0.1:8503'] = process.argv;
  const apiKey = process.env['AO_API_KEY'];
  return createFleetClient({ baseUrl, ...(apiKey !== undefined && { apiKey }) });
}
