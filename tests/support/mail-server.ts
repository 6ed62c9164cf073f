import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and text as they came. */
  readonly text: string;
}

/** The smallest SMTP server that a real client talks to. */
export interface MailServer extends AsyncDisposable {
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** Addresses it refuses. */
  readonly refused: Set<string>;
}

export async function mailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const refused = new Set<string>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    let from = '';
    let to: string[] = [];
    let buffer = '';
    let isData = false;
    say('220 mail.test ESMTP');
    socket.on('data', (chunk) => {
      buffer += chunk.toString('utf8');
      for (;;) {
        const end = isData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const text = buffer.slice(0, end);
        buffer = buffer.slice(end + (isData ? 5 : 2));
        if (isData) {
          mails.push({ from, to, text });
          isData = false;
          say('250 taken');
          continue;
        }
        const address = /<([^>]*)>/.exec(text)?.[1] ?? '';
        const verb = text.slice(0, 4).toUpperCase();
        if (verb === 'EHLO' || verb === 'HELO') say('250 mail.test');
        else if (verb === 'MAIL') {
          from = address;
          to = [];
          say('250 ok');
        } else if (verb === 'RCPT') {
          if (refused.has(address)) say('550 no such person');
          else {
            to.push(address);
            say('250 ok');
          }
        } else if (verb === 'DATA') {
          isData = true;
          say('354 go on');
        } else if (verb === 'QUIT') {
          say('221 bye');
          socket.end();
        } else say('250 ok');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a server on TCP has one
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refused,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
