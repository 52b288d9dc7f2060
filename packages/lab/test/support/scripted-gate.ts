/** A start gate that a test opens and closes: what an agent answers the node, without an agent. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** The server on a socket, and what it was told. */
export class ScriptedGate {
  readonly #server: Server;
  /** Whether pods may start. */
  open = true;
  readonly added: unknown[] = [];
  readonly removed: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.method === 'DELETE') this.removed.push((request.url ?? '').split('/').at(-1) ?? '');
        else if (this.open) this.added.push(JSON.parse(Buffer.concat(chunks).toString()));
        else response.statusCode = 503;
        response.end(this.open ? '{}' : '{"error":"not in sync with the API server"}');
      });
    });
  }

  /** Listens on the socket. */
  static async listen(socket: string): Promise<ScriptedGate> {
    const gate = new ScriptedGate();
    gate.#server.listen(socket);
    await once(gate.#server, 'listening');
    return gate;
  }

  close(): void {
    this.#server.close();
  }
}
