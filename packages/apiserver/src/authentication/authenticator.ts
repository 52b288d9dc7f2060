/** Who a client is: by the token that it sends, else by its certificate. There is no anonymous access. */
import type { TLSSocket } from 'node:tls';
import { unauthorized } from '../errors/api-error.ts';
import type { UserInfo } from '../server/api-message.ts';
import { identify } from '../server/client-identity.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** Tells who a client is; throws 401 when it is nobody. */
export type Authenticate = (socket: TLSSocket, authorization: string | undefined) => Promise<UserInfo>;

/** Makes the authenticator of a server. A token that is sent counts, also when it is wrong: then the client is nobody. */
export function makeAuthenticate(tokens: ServiceAccountTokens): Authenticate {
  return async (socket, authorization) => {
    const bearer = /^bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    const user =
      authorization === undefined ? identify(socket) : bearer === undefined ? undefined : await tokens.verify(bearer, tokens.audiences);
    if (user === undefined) throw unauthorized();
    return user;
  };
}
