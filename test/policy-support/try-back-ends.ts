/** Every case on every back end, all back ends at the same time. */
import { backEnds } from '../packets/back-ends.ts';
import { supportedKinds } from './cases/all-cases.ts';
import { type BackEndResults, supportPage } from './support-page.ts';
import { tryKinds } from './try-cases.ts';

/** What came of the cases. */
export interface TriedBackEnds {
  /** By the names of back ends: what went otherwise than it should. */
  readonly wrong: Readonly<Record<string, readonly string[]>>;
  readonly page: string;
}

/** Tries them. */
export async function tryBackEnds(): Promise<TriedBackEnds> {
  const tried = await Promise.all(backEnds.map(async (backEnd) => ({ name: backEnd.name, ...(await tryKinds(backEnd, supportedKinds)) })));
  return {
    wrong: Object.fromEntries(tried.map(({ name, wrong }) => [name, wrong])),
    page: supportPage(
      supportedKinds,
      tried.map(({ name, results }): BackEndResults => ({ name, results })),
    ),
  };
}
