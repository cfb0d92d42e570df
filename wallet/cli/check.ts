/** `nilz wallet check`: whether everything adds up, and what its owner should know. */
import { AnswerIsNoError, walletCommand } from './command.ts';
import { networkLine, table } from './table.ts';

export const check = walletCommand({
  name: 'check',
  summary: 'whether sums, coins and payments agree with the chain, and how the backup is',
  settings: {},
  async run(session) {
    const { sound, findings, transactions, coins, chain } = await (await session.openWallet()).check();
    session.result({ network: session.profile.name, sound, transactions, coins, findings }, [
      `${networkLine(session.profile, chain.height)}: ${transactions} transactions, ${coins} coins`,
      ...table(
        findings.map(({ name, ok, detail }) => [ok ? 'ok' : '!!', name, detail]),
        ['left', 'left', 'left'],
      ),
    ]);
    if (!sound)
      throw new AnswerIsNoError('the node contradicts itself: do not believe what it says of this wallet');
  },
});
