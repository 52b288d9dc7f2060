/** The container that a probe or a hook is about: where its ports are and how a command runs in it. */
import type { Container } from '@weir/kube';

/** How a command inside a container ended. */
export interface CommandOutcome {
  readonly exitCode: number;
  /** Both streams as they came, bounded. */
  readonly output: string;
}

/** What probes and hooks reach. */
export interface ContainerTarget {
  readonly container: Container;
  /** The pod's address. */
  readonly host: string;
  /** Runs a command to its end; it is killed when the signal comes. */
  readonly run: (command: readonly string[], signal: AbortSignal) => Promise<CommandOutcome>;
}

/** The number of a port that is given by number or name; throws when the container has none of that name. */
export function portOf({ container }: Pick<ContainerTarget, 'container'>, port: number | string): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Error(Number.isInteger(number) ? `invalid port number: ${number}` : `couldn't find port: ${port}`);
}
