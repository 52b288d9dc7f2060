/**
 * One process per node: sources, engine, data plane, start gate.
 *
 * The only public door of the package.
 */
export { type Agent, type AgentHealth, cleanupAgent, runAgent } from './agent.ts';
export { type AgentOptions, AgentOptionsError, type LogLevel, resolveAgentOptions } from './options.ts';
