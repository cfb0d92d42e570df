/** The methods a node has: on the regtests all of them. */
export const METHODS: readonly string[] = [
  // The chain
  ...['getbestblockhash', 'getblock', 'getblockchaininfo', 'getblockcount', 'getblockhash', 'getblockheader'],
  ...['getchaintips', 'getchaintxstats', 'getdifficulty', 'gettxout', 'gettxoutsetinfo', 'gettxoutproof'],
  ...['verifytxoutproof', 'verifychain', 'invalidateblock', 'reconsiderblock', 'preciousblock'],
  ...['waitfornewblock', 'waitforblockheight'],
  // Mempool and transactions
  ...['getrawmempool', 'getmempoolinfo', 'getmempoolentry', 'getmempoolancestors', 'getmempooldescendants'],
  ...['getrawtransaction', 'decoderawtransaction', 'sendrawtransaction', 'testmempoolaccept', 'savemempool'],
  // Mining
  ...['getblocktemplate', 'submitblock', 'submitheader', 'getmininginfo', 'getnetworkhashps'],
  ...['prioritisetransaction', 'generatetoaddress', 'generateblock', 'setmocktime'],
  // Network
  ...['getnetworkinfo', 'getpeerinfo', 'getconnectioncount', 'getnettotals', 'addnode', 'disconnectnode'],
  ...[
    'getaddednodeinfo',
    'getnodeaddresses',
    'setban',
    'listbanned',
    'clearbanned',
    'setnetworkactive',
    'ping',
  ],
  // Addresses
  ...['getaddressbalance', 'getaddressutxos', 'getaddresstxids', 'getaddressdeltas', 'getaddressmempool'],
  ...['getaddresshistory', 'getaddressused'],
  'getspentinfo',
  // Util and control
  ...[
    'validateaddress',
    'estimatesmartfee',
    'verifymessage',
    'uptime',
    'getrpcinfo',
    'getindexinfo',
    'help',
    'stop',
  ],
].sort();

/** Those of a regtest only. */
export const REGTEST_METHODS: readonly string[] = ['generateblock', 'generatetoaddress', 'setmocktime'];
