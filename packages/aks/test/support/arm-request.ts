/** One request to an ARM endpoint that may die before it answers. */
import { request } from 'node:https';

/** Undefined: the endpoint died before it answered. */
export type Answered = { readonly status: number; readonly json: Record<string, unknown> } | undefined;

/** What is asked, and of whom. */
export interface ArmRequest {
  readonly method: string;
  /** With scheme, host and query. */
  readonly url: string;
  /** The certificate authority, as PEM. */
  readonly authority: string | Buffer;
  readonly token: string;
  readonly body: string;
}

/** Asks; never rejects for an endpoint that is gone. */
export function askArm({ method, url, authority, token, body }: ArmRequest): Promise<Answered> {
  const type = new URL(url).pathname.startsWith('/adfs') ? 'application/x-www-form-urlencoded' : 'application/json';
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  return new Promise((resolve) => {
    const sent = request(url, { method, ca: authority, agent: false, headers }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('error', () => resolve(undefined));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> });
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}
