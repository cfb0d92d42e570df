import type { EdgeGate } from '../edge/edge-gate.ts';

/** The answer of `GET /edges`: the edges that are connected. */
export function edgesOf(edges: Pick<EdgeGate, 'states'>) {
  return {
    edges: edges.states().map((state) => ({
      edge: state.edge,
      address: state.address,
      since: state.sinceMs / 1000,
      connections: state.connections,
      authorized: state.authorized,
      shares: {
        held: state.held,
        accepted: state.accepted,
        repeated: state.repeated,
        rejected: state.rejected,
      },
    })),
  };
}
