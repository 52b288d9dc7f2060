/** Requests to the ARM endpoint of a test's own state directory: it is started where it does not run, and can be killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureArm, type RunningArm } from '@weir/aks';
import { lockHolder } from '@weir/lab';
import { type Answered, askArm } from '../../packages/aks/test/support/arm-request.ts';

/** An endpoint as its user sees it. */
export class ArmClient {
  readonly #command: readonly string[];
  #arm: RunningArm | undefined;
  #token = '';
  #subscription = '';

  /** `command` is how the built `weir` is started; the environment of this process says where its state is. */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** Starts it on what the one before has left. */
  async start(): Promise<void> {
    this.#arm = await ensureArm(this.#command);
    const { application, secret, base } = this.#arm;
    const form = { grant_type: 'client_credentials', client_id: application, client_secret: secret, scope: `${base}//.default` };
    const answer = await this.#send('POST', '/adfs/oauth2/v2.0/token', new URLSearchParams(form).toString());
    this.#token = String(answer?.json['access_token']);
    const all = await this.#send('GET', '/subscriptions?api-version=2022-12-01', '');
    this.#subscription = (all?.json['value'] as readonly { readonly subscriptionId: string }[])[0]?.subscriptionId ?? '';
  }

  /** Kills it, at once. */
  async kill(): Promise<void> {
    const holder = lockHolder(join(process.env['WEIR_RUN_DIR'] ?? '', 'arm.lock'));
    if (holder === undefined) throw new Error('the endpoint does not run');
    process.kill(holder.pid, 'SIGKILL');
    while (lockHolder(join(process.env['WEIR_RUN_DIR'] ?? '', 'arm.lock')) !== undefined) await sleep(5);
  }

  /** Asks below the subscription. */
  ask(method: string, path: string, body?: unknown): Promise<Answered> {
    return this.#send(method, `/subscriptions/${this.#subscription}${path}?api-version=2025-03-01`, JSON.stringify(body) ?? '');
  }

  #send(method: string, path: string, body: string): Promise<Answered> {
    const arm = this.#arm;
    if (arm === undefined) throw new Error('the endpoint was not started');
    const authority = readFileSync(arm.authorityFile);
    return askArm({ method, url: `${arm.base}${path}`, authority, token: this.#token, body });
  }
}
