import { duration, integer, optionalText, section, text } from '../keys.ts';

/** Where worlds are kept as a graph for analysis, if anywhere. */

const ADDRESS = /^(?:bolt|neo4j)(?:\+s|\+ssc)?:\/\/[^/@?#]+$/;
const isWritten = (value: string): boolean => value !== '';

export const neo4j = section({
  url: optionalText({
    accepts: (value) => ADDRESS.test(value) && URL.canParse(value),
    expected:
      'an address like bolt://127.0.0.1:7687 or neo4j+s://db.example, without user, password and path',
    // What is refused may hold a password all the same.
    secret: 'url',
    default: null,
    description: 'Address of the Neo4j that gets every change of a world; null is none',
  }),
  user: text({
    accepts: isWritten,
    expected: 'a name',
    default: 'neo4j',
    description: 'Who the fleet is to Neo4j',
  }),
  password: optionalText({
    accepts: isWritten,
    expected: 'a text',
    secret: 'whole',
    default: null,
    description: 'Its password; null for a server that asks for none',
  }),
  database: optionalText({
    accepts: (value) => /^[A-Za-z][A-Za-z0-9.-]{2,62}$/.test(value),
    expected: 'the name of a database',
    default: null,
    description: 'The database of this fleet alone; null is the default one of the server',
  }),
  batch_size: integer({
    min: 1,
    max: 1000,
    default: 100,
    description: 'Most changes that are written in one transaction',
  }),
  timeout: duration({
    min: 1,
    max: 300,
    default: 15,
    description: 'Longest time that connecting, or one transaction, may take',
  }),
});
