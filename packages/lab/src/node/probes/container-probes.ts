/**
 * The probes of one run of a container.
 *
 * ```
 *   startup ─ succeeded ─▶ liveness    fails ─▶ the container is ended and starts again
 *      │ fails               readiness   ─▶ ready, or not
 *      └──▶ the container is ended
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '@weir/kube';
import type { ContainerTarget } from '../container-target.ts';
import type { PodEvent } from '../pod-api.ts';
import { attemptProbe, type ProbeOutcome } from './probe-attempt.ts';
import { ProbeCounter, type ProbeVerdict } from './probe-counter.ts';

/** A probe whose failure ends the container. */
export type VitalProbe = 'liveness' | 'startup';

/** Whom the probes tell. */
export interface ProbesListener {
  /** The startup probe has succeeded; told at once when there is none. */
  onStarted(): void;
  /** Told at once when there is no readiness probe and the container has started. */
  onReady(ready: boolean): void;
  onFailed(kind: VitalProbe, probe: Probe): void;
  event(event: Omit<PodEvent, 'container'>): void;
}

const defaultPeriodSeconds = 10;
/** An attempt that says nothing about the container is made so often; then the next period has its turn. */
const attemptsOnError = 3;

/** Runs the probes of a container that has just started. */
export class ContainerProbes {
  readonly #target: ContainerTarget;
  readonly #listener: ProbesListener;
  readonly #startedAt = Date.now();
  readonly #vital = new AbortController();
  readonly #all = new AbortController();

  constructor(target: ContainerTarget, listener: ProbesListener) {
    this.#target = target;
    this.#listener = listener;
    void this.#run();
  }

  /** The container is being ended: whether it serves is still of interest, whether it lives is not. */
  stopVital(): void {
    this.#vital.abort();
  }

  /** The container has ended. */
  stop(): void {
    this.#vital.abort();
    this.#all.abort();
  }

  async #run(): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = this.#target.container;
    if (startupProbe !== undefined && !(await this.#startup(startupProbe))) return;
    if (this.#all.signal.aborted) return;
    this.#listener.onStarted();
    if (livenessProbe !== undefined) void this.#liveness(livenessProbe);
    if (readinessProbe === undefined) this.#listener.onReady(true);
    else await this.#readiness(readinessProbe);
  }

  async #startup(probe: Probe): Promise<boolean> {
    for await (const verdict of this.#verdicts('Startup', probe, this.#vital.signal)) {
      if (verdict === 'success') return true;
      if (verdict === 'failure') {
        this.#listener.onFailed('startup', probe);
        return false;
      }
    }
    return false;
  }

  async #liveness(probe: Probe): Promise<void> {
    for await (const verdict of this.#verdicts('Liveness', probe, this.#vital.signal)) {
      if (verdict === 'failure') return this.#listener.onFailed('liveness', probe);
    }
  }

  async #readiness(probe: Probe): Promise<void> {
    for await (const verdict of this.#verdicts('Readiness', probe, this.#all.signal)) {
      if (verdict !== undefined) this.#listener.onReady(verdict === 'success');
    }
  }

  /** What each period's attempt makes the verdict, undefined while nothing is confirmed, until the signal comes. */
  async *#verdicts(name: string, probe: Probe, signal: AbortSignal): AsyncGenerator<ProbeVerdict | undefined> {
    const counter = new ProbeCounter(probe);
    const periodMs = 1_000 * (probe.periodSeconds ?? defaultPeriodSeconds);
    let next = this.#startedAt + 1_000 * (probe.initialDelaySeconds ?? 0);
    for (;;) {
      await sleep(Math.max(0, next - Date.now()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const { kind, output } = await this.#attempt(probe, signal);
      // What was cut off by the end of the container says nothing.
      if (signal.aborted) return;
      if (kind === 'failure') this.#listener.event({ type: 'Warning', reason: 'Unhealthy', message: `${name} probe failed: ${output}` });
      if (kind === 'error') {
        const message = `${name} probe errored and resulted in failure state: ${output}`;
        this.#listener.event({ type: 'Warning', reason: 'Unhealthy', message });
      }
      if (kind !== 'error') yield counter.add(kind);
      next = Math.max(Date.now(), next + periodMs);
    }
  }

  async #attempt(probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptProbe(probe, this.#target, signal);
      if (outcome.kind !== 'error' || attempt === attemptsOnError || signal.aborted) return outcome;
    }
  }
}
