/** Reports that rules of nf_tables and iptables send to the log group, each with what its opener sent, as far as the kernel tells. */
import { type PacketBatch, PacketLog } from '@weir/kernel';
import { reportBytes, reportGroup } from './packet-reports.ts';
import { TranslatedDestinations } from './translated-destinations.ts';

/** Opened in the network namespace of the calling thread. */
export class LoggedReports {
  readonly #log = new PacketLog({ group: reportGroup, bytes: reportBytes });
  readonly #translated: TranslatedDestinations | undefined;

  /** Throws when another process listens. */
  constructor() {
    try {
      this.#translated = this.#log.tellsConnections ? undefined : TranslatedDestinations.open();
    } catch (error) {
      this.#log.close();
      throw error;
    }
  }

  /** See {@link PacketLog.read}. */
  read(readsMax: number): PacketBatch {
    const batch = this.#log.read(readsMax);
    const translated = this.#translated;
    if (translated === undefined) return batch;
    const packets = batch.packets.map((packet) => {
      const original = packet.original ?? translated.originalOf(packet.flow);
      return original === undefined ? packet : { ...packet, original };
    });
    return { ...batch, packets };
  }

  close(): void {
    this.#translated?.close();
    this.#log.close();
  }
}
