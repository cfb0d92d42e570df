import * as z from 'zod';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { list, none, num, obj, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { Subnet } from '../peers/subnet.ts';
import type { NodeParts } from './parts.ts';

const group = 'Network';

/** Bitcoin Core: DEFAULT_MISBEHAVING_BANTIME. */
const DEFAULT_BAN_SECONDS = 86_400;

/** The methods about ranges of addresses that are refused. */
export function banMethods({ peers }: Pick<NodeParts, 'peers'>): RpcMethods {
  const { admin } = peers;
  return {
    setban: rpcMethod({
      group,
      help: 'Refuses an IP address or a range of them, or no longer does. Bans outlive a restart.',
      params: [
        { name: 'subnet', schema: z.string(), help: 'as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32' },
        { name: 'command', schema: z.enum(['add', 'remove']), help: '"add" or "remove"' },
        {
          name: 'bantime',
          schema: z.int().nonnegative(),
          default: 0,
          help: 'for how many seconds, or until when; 0: a day',
        },
        {
          name: 'absolute',
          schema: z.boolean(),
          default: false,
          help: 'whether bantime is the time at which the ban ends',
        },
      ],
      result: none(),
      run: async ({ subnet: text, command, bantime, absolute }) => {
        const subnet = Subnet.parse(text);
        if (subnet === undefined) {
          throw new RpcError(RPC_ERRORS.invalidIpOrSubnet, 'Error: Invalid IP/Subnet');
        }
        if (command === 'remove') {
          if (await admin.unban(subnet)) return null;
          throw new RpcError(
            RPC_ERRORS.invalidIpOrSubnet,
            'Error: Unban failed. Requested address/subnet was not previously manually banned.',
          );
        }
        // As in Bitcoin Core, an address is banned already when a range around it is; a range only as such.
        if (!text.includes('/') && admin.bans().some((ban) => ban.subnet.has(text))) throw alreadyBanned();
        const nowSeconds = admin.nowSeconds();
        if (absolute && bantime < nowSeconds) {
          throw new RpcError(RPC_ERRORS.invalidParameter, 'Error: Absolute timestamp is in the past');
        }
        const untilSeconds = absolute ? bantime : nowSeconds + (bantime || DEFAULT_BAN_SECONDS);
        if (await admin.ban(subnet, untilSeconds)) return null;
        throw alreadyBanned();
      },
    }),

    listbanned: rpcMethod({
      group,
      help: 'The IP addresses and ranges that are refused.',
      params: [],
      result: list(
        '',
        obj('', {
          address: str('the range'),
          ban_created: time('when the ban was spoken'),
          banned_until: time('when it ends'),
          ban_duration: num('seconds from beginning to end'),
          time_remaining: num('seconds until its end'),
        }),
      ),
      run: () =>
        admin.bans().map(({ subnet, createdSeconds, untilSeconds }) => ({
          address: subnet.text,
          ban_created: createdSeconds,
          banned_until: untilSeconds,
          ban_duration: untilSeconds - createdSeconds,
          time_remaining: untilSeconds - admin.nowSeconds(),
        })),
    }),

    clearbanned: rpcMethod({
      group,
      help: 'Refuses nobody any more, also not those who were discouraged for what they sent.',
      params: [],
      result: none(),
      run: async () => {
        await admin.clearBans();
        return null;
      },
    }),
  };
}

function alreadyBanned(): RpcError {
  return new RpcError(RPC_ERRORS.peerAlreadyAdded, 'Error: IP/Subnet already banned');
}
