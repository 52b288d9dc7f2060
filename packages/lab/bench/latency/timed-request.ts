/** When the first byte of a request left. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { hrtime } from 'node:process';

/** Node tells of a request on this channel in the moment in which it goes to its socket. */
const started = 'http.client.request.start';

/** Sends the one request that `act` makes; `since` is microseconds of CLOCK_MONOTONIC. */
export async function timedRequest<T>(act: () => Promise<T>): Promise<{ readonly since: number; readonly answer: T }> {
  let since = 0;
  const onStart = (): void => {
    since = Number(hrtime.bigint()) / 1_000;
  };
  subscribe(started, onStart);
  try {
    const answer = await act();
    return { since, answer };
  } finally {
    unsubscribe(started, onStart);
  }
}
