/** Who a client is: by the token that it sends, else by its certificate. There is no anonymous access. */
import type { IncomingHttpHeaders } from 'node:http';
import { unauthorized } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** Tells who a request is from (`certified`: whom its connection's certificate names); throws 401 when that is nobody. */
export type Authenticate = (certified: UserInfo | undefined, headers: IncomingHttpHeaders) => Promise<UserInfo>;

/** Makes the authenticator of a server. A token that is sent counts, also when it is wrong: then the client is nobody. */
export function makeAuthenticate(tokens: ServiceAccountTokens): Authenticate {
  return async (certified, headers) => {
    const { authorization } = headers;
    const bearer = /^bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    const user = authorization === undefined ? certified : bearer === undefined ? undefined : await tokens.verify(bearer, tokens.audiences);
    if (user === undefined) throw unauthorized();
    return user;
  };
}
