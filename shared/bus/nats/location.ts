/**
 * Where the bus is and as whom to speak to it, from URLs that may carry credentials. Pure. What goes into
 * messages and logs (`servers`) never holds a password.
 */
import { WaggleError } from '../../errors.ts';
import { percentDecoded } from '../../percent-decoded.ts';

export interface Location {
  /** `host:port` each. */
  readonly servers: readonly string[];
  readonly credentials: { readonly user?: string; readonly pass?: string; readonly token?: string };
  readonly isTls: boolean;
}

const DEFAULT_PORT = '4222';

/** `login` wins over what the URLs say; of several URLs the first with credentials counts. Throws `usage`. */
export function parseLocation(
  urls: readonly string[],
  login: { readonly user?: string; readonly password?: string },
): Location {
  const parsed = urls.map(parse);
  if (parsed.length === 0) throw new WaggleError('usage', { message: 'no URL of a NATS server was given' });
  return {
    servers: parsed.map((url) => `${url.hostname}:${url.port || DEFAULT_PORT}`),
    credentials:
      login.user === undefined ? credentialsOf(parsed) : userAndPassword(login.user, login.password),
    isTls: parsed.some((url) => url.protocol === 'tls:'),
  };
}

function parse(text: string): URL {
  const url = text.includes('://') ? text : `nats://${text}`;
  if (!URL.canParse(url)) throw new WaggleError('usage', { message: 'a NATS URL reads nats://host:port' });
  return new URL(url);
}

function credentialsOf(urls: readonly URL[]): Location['credentials'] {
  const url = urls.find(({ username }) => username !== '');
  if (url === undefined) return {};
  const name = percentDecoded(url.username);
  return url.password === '' ? { token: name } : userAndPassword(name, percentDecoded(url.password));
}

function userAndPassword(user: string, pass: string | undefined): Location['credentials'] {
  return pass === undefined ? { user } : { user, pass };
}
