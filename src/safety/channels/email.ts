import { createTransport } from 'nodemailer';
import type { Tier } from '../../contracts/escalation.ts';
import type { Channel } from './channel.ts';
import { refused } from './post.ts';

const TIMEOUT_MS = 12_000;
const CONNECT_MS = 5_000;

export type MailRecipients = Readonly<Record<Tier, readonly string[]>>;

/**
 * Plain text by SMTP. The Message-ID is made of the page's key, so a mailbox that gets it twice shows it once. One
 * recipient that the server takes is a delivery: sending again would page that one twice.
 */
export function emailChannel(options: {
  readonly smtpUrl: string;
  readonly from: string;
  readonly recipients: MailRecipients;
}): Channel {
  const { smtpUrl, from } = options;
  const host = from.slice(from.indexOf('@') + 1);
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const to = (tier: Tier): readonly string[] => recipientsOf(options.recipients, tier);
  return {
    name: 'email',
    timeoutMs: TIMEOUT_MS,
    recipient: (tier) => to(tier).map(maskedAddress).join(', ').slice(0, 128),
    async send(page) {
      const messageId = `<${page.key}@${host}>`;
      try {
        const { accepted } = await transport.sendMail({
          from,
          to: [...to(page.tier)],
          subject: page.subject,
          text: `${page.lines.join('\n')}\n`,
          messageId,
          headers: { 'X-Idempotency-Key': page.key, 'Auto-Submitted': 'auto-generated' },
        });
        if (accepted.length > 0) return { messageId };
      } catch (error) {
        throw refused(`the mail server did not take it: ${reasonOf(error)}`);
      }
      throw refused('the mail server took none of the recipients');
    },
  };
}

/** Who has nobody of their own is stood in for by those before. */
export function recipientsOf(recipients: MailRecipients, tier: Tier): readonly string[] {
  const order: readonly Tier[] = ['director', 'supervisor', 'on_call'];
  const found = order.slice(order.indexOf(tier)).find((one) => recipients[one].length > 0);
  return found === undefined ? [] : recipients[found];
}

/** `o…@example.org` */
export function maskedAddress(address: string): string {
  return `${address.slice(0, 1)}…${address.slice(address.indexOf('@'))}`;
}

/** The server's own words may repeat addresses: only its code is told. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const status = 'responseCode' in error ? String(error.responseCode) : '';
  const code = 'code' in error ? String(error.code) : error.name;
  return `${code} ${status}`.trim();
}
