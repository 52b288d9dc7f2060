/** What a rule asks of one end beside its ports. */
import type { Side } from './model.ts';

/** Whether a side asks who the end is, and not only which port it is. */
export function asksOfEnd({ ports: _ports, namedPorts: _names, notPorts: _notPorts, notNamedPorts: _notNames, ...others }: Side): boolean {
  return Object.values(others).some((asked) => asked !== undefined);
}
