/** Starts the endpoint when it does not run, and ends it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDirectory } from '@weir/client';
import { ClusterError, endProcess, lastLogLines, lockHolder, openLog } from '@weir/lab';
import { extensionIndexPath } from '../extensions/extension-routes.ts';
import { armLayout } from './arm-layout.ts';
import { readSignIn, type SignIn } from './sign-in.ts';

/** A running endpoint as its clients see it. */
export interface RunningArm extends SignIn {
  readonly base: string;
  /** The file with the certificate of its authority. */
  readonly authorityFile: string;
  /** The file with the secret. */
  readonly secretFile: string;
  /** The URL of the index of az's extensions. */
  readonly extensionIndex: string;
  /** Where az's configuration for it is kept. */
  readonly azDirectory: string;
}

const startMs = 30_000;
const endMs = 15_000;

/** Starts it when it does not run; `command` is how to start weir itself. Throws {@link ClusterError}. */
export async function ensureArm(command: readonly string[]): Promise<RunningArm> {
  const layout = armLayout();
  makeDirectory(layout.state, 0o700);
  const started = lockHolder(layout.lock) === undefined ? start(command) : undefined;
  for (const deadlineMs = Date.now() + startMs; ; await sleep(50)) {
    const running = await runningArm();
    if (running !== undefined) return running;
    // One that ends because another one was faster leaves that one's lock.
    if (started !== undefined && hasEnded(started) && lockHolder(layout.lock) === undefined) throw failure('has ended at once');
    if (Date.now() > deadlineMs) throw failure(`does not answer after ${startMs / 1_000} s`);
  }
}

function failure(what: string): ClusterError {
  const lines = lastLogLines(armLayout().log, 12).join('\n  ');
  return new ClusterError('failed', `the ARM endpoint ${what}; the end of its log:\n  ${lines}`);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Ends it. Answers whether it ran. Its state stays. */
export async function endArm(): Promise<boolean> {
  const holder = lockHolder(armLayout().lock);
  if (holder === undefined) return false;
  await endProcess(holder, endMs);
  return true;
}

/** Ends it and forgets all that it knew, az's configuration too. */
export async function removeArm(): Promise<boolean> {
  const ran = await endArm();
  const { state } = armLayout();
  const existed = existsSync(state);
  rmSync(state, { recursive: true, force: true });
  return ran || existed;
}

/** Undefined while it does not answer. */
async function runningArm(): Promise<RunningArm | undefined> {
  const { signIn: path, authority: authorityFile, secret: secretFile, azDirectory } = armLayout();
  const signIn = readSignIn(path);
  if (signIn === undefined || !(await answers(signIn.port, authorityFile))) return undefined;
  const base = `https://localhost:${signIn.port}`;
  return { ...signIn, base, extensionIndex: `${base}${extensionIndexPath}`, authorityFile, secretFile, azDirectory };
}

function answers(port: number, authorityFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const path = '/metadata/endpoints?api-version=2022-09-01';
    const sent = request(
      { host: '127.0.0.1', servername: 'localhost', port, path, ca: readFileSync(authorityFile), timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(false));
    sent.end();
  });
}

function start(command: readonly string[]): ChildProcess {
  const [program = '', ...args] = command;
  const log = openLog(armLayout().log);
  try {
    // A session of its own: a terminal's Ctrl-C ends az, not the endpoint.
    const child = spawn(program, [...args, 'lab', 'arm'], { stdio: ['ignore', log, log], detached: true, cwd: '/' });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}
