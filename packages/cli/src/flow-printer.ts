/** Prints observed flows: one aligned line each, or one line of Hubble's JSON each. */
import { type DescribedFlow, describeFlow, hubbleJson, type ObservedFlow, type PodFacts } from '@weir/flows';
import type { Output, Tone } from './output.ts';

const tones: Readonly<Record<DescribedFlow['verdict'], Tone>> = { allowed: 'good', denied: 'bad', logged: 'note' };

/** Columns grow with what is in them, up to this many characters: a stream cannot be measured beforehand. */
const widthMax = 80;

/** Prints flows as they come. */
export class FlowPrinter {
  readonly #output: Output;
  readonly #podFacts: (pod: string) => PodFacts | undefined;
  readonly #widths: number[] = [];

  constructor(output: Output, podFacts: (pod: string) => PodFacts | undefined) {
    this.#output = output;
    this.#podFacts = podFacts;
  }

  /** Columns are aligned among these, and with those before them as far as they fit. */
  print(flows: readonly ObservedFlow[]): void {
    if (this.#output.json) {
      for (const flow of flows) this.#output.result(JSON.stringify(hubbleJson(flow, this.#podFacts)));
      return;
    }
    const rows = flows.map(describeFlow).map((flow) => ({ flow, cells: cellsOf(flow) }));
    for (const { cells } of rows) {
      for (const [i, cell] of cells.entries()) this.#widths[i] = Math.max(this.#widths[i] ?? 0, Math.min(cell.length, widthMax));
    }
    for (const { flow, cells } of rows) {
      const [time = '', verdict = '', ...others] = cells.map((cell, i) => cell.padEnd(this.#widths[i] ?? 0));
      const line = [this.#output.tone('dim', time), this.#output.tone(tones[flow.verdict], verdict), ...others, flow.because].join('  ');
      this.#output.result(line.trimEnd());
    }
  }
}

function cellsOf({ time, verdict, protocol, source, destination, node }: DescribedFlow): string[] {
  return [time, verdict, protocol, `${source} → ${destination}`, node];
}
