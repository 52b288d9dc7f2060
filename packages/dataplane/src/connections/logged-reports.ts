/** Reports of packets, each with what its opener sent, as far as the kernel tells in one way or another. */
import type { PacketBatch } from '@weir/kernel';
import { TranslatedDestinations } from './translated-destinations.ts';

/** Where reports come from: see `PacketLog` of the kernel's package. */
export interface ReportLog {
  read(readsMax: number): PacketBatch;
  close(): void;
  /** Whether reports have what the opener sent; it may turn out that they have not. */
  readonly tellsConnections: boolean;
}

/** Opened in the network namespace of the calling thread. */
export class LoggedReports {
  readonly #log: ReportLog;
  readonly #translated: TranslatedDestinations;

  /** Closes the log when it throws. */
  constructor(log: ReportLog) {
    this.#log = log;
    try {
      this.#translated = new TranslatedDestinations();
      if (!log.tellsConnections) this.#translated.start();
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /** What has come since the last call, at most so many reads. */
  read(readsMax: number): PacketBatch {
    const batch = this.#log.read(readsMax);
    if (this.#log.tellsConnections) return batch;
    this.#translated.start();
    const packets = batch.packets.map((packet) => {
      const original = packet.original ?? this.#translated.originalOf(packet.flow);
      return original === undefined ? packet : { ...packet, original };
    });
    return { ...batch, packets };
  }

  close(): void {
    this.#translated.close();
    this.#log.close();
  }
}
