/**
 * One process per node: sources, engine, data plane, start gate.
 *
 * The only public door of the package.
 */
export { cleanupAgent, runAgent } from './agent.ts';
export type { AgentHealth } from './agent-health.ts';
export type { Agent } from './node-agent.ts';
export { type AgentOptions, AgentOptionsError, type LogLevel, resolveAgentOptions } from './options.ts';
