"""Test networks, which are refused by name: what is on them is worth nothing, and no list is about it.

Never does: say that a network is a main one.
"""

from __future__ import annotations

from comity.wallets.errors import WalletError, WalletErrorKind

TESTNETS: dict[str, str] = {
    "bip122:000000000933ea01ad0ee984209779ba": "Bitcoin testnet",
    "bip122:00000000da84f2bafbbc53dee25a72ae": "Bitcoin testnet4",
    "bip122:00000008819873e925422c1ff0f99f7c": "Bitcoin signet",
    "bip122:0f9188f13cb7b2c71f2a335e3a4fc328": "Bitcoin regtest",
    "bip122:4966625a4b2851d9fdee139e56211a0d": "Litecoin testnet",
    "bip122:530827f38f93b43ed12af0b3ad25a288": "Litecoin regtest",
    "eip155:3": "Ropsten",
    "eip155:4": "Rinkeby",
    "eip155:5": "Görli",
    "eip155:31": "Rootstock testnet",
    "eip155:42": "Kovan",
    "eip155:51": "XDC Apothem",
    "eip155:63": "Ethereum Classic Mordor",
    "eip155:97": "BNB Smart Chain testnet",
    "eip155:300": "ZKsync Sepolia",
    "eip155:338": "Cronos testnet",
    "eip155:420": "OP Goerli",
    "eip155:919": "Mode testnet",
    "eip155:1001": "Kaia Kairos testnet",
    "eip155:1287": "Moonbase Alpha",
    "eip155:1337": "local development chain",
    "eip155:1442": "Polygon zkEVM testnet",
    "eip155:2442": "Polygon zkEVM Cardona",
    "eip155:4002": "Fantom testnet",
    "eip155:5003": "Mantle Sepolia",
    "eip155:5611": "opBNB testnet",
    "eip155:10200": "Gnosis Chiado",
    "eip155:17000": "Holesky",
    "eip155:31337": "local development chain",
    "eip155:43113": "Avalanche Fuji",
    "eip155:44787": "Celo Alfajores",
    "eip155:59140": "Linea Goerli",
    "eip155:59141": "Linea Sepolia",
    "eip155:80001": "Polygon Mumbai",
    "eip155:80002": "Polygon Amoy",
    "eip155:80069": "Berachain Bepolia",
    "eip155:84531": "Base Goerli",
    "eip155:84532": "Base Sepolia",
    "eip155:421613": "Arbitrum Goerli",
    "eip155:421614": "Arbitrum Sepolia",
    "eip155:534351": "Scroll Sepolia",
    "eip155:560048": "Hoodi",
    "eip155:11155111": "Sepolia",
    "eip155:11155420": "OP Sepolia",
    "eip155:168587773": "Blast Sepolia",
    "tron:0x94a9059e": "Tron Shasta",
    "tron:2494104990": "Tron Shasta",
    "tron:0xcd8690dc": "Tron Nile",
    "tron:3448148188": "Tron Nile",
    "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1": "Solana devnet",
    "solana:4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z": "Solana testnet",
    "xrpl:1": "XRP Ledger testnet",
    "xrpl:2": "XRP Ledger devnet",
    "xrpl:25": "XRP Ledger AMM devnet",
    "monero:76ee3cc98646292206cd3e86f74d88b4": "Monero stagenet",
    "monero:48ca7cd3c8de5b6a4d53d2861fbdaedc": "Monero testnet",
    "monero:00000000000000000000000000000000": "Monero private testnet",
    "ton:-3": "TON testnet",
    "tvm:-3": "TON testnet",
    "bip122:bb0a78264637406b6360aad926284d54": "Dogecoin testnet",
    "bip122:00000bafbc94add76cb75e2ec9289483": "Dash testnet",
    "bip122:05a60a92d99d85997cce3b87616c089f": "Zcash testnet",
    "stellar:testnet": "Stellar testnet",
    "algorand:SGO1GKSzyE7IEPItTxCByw9x8FmnrCDe": "Algorand testnet",
    "cip34:0-1": "Cardano preprod",
    "cip34:0-2": "Cardano preview",
}
"""Test networks by CAIP-2 identifier, with the name that a refusal gives."""


def of_testnet(name: str) -> WalletError:
    """Returns the refusal of a test network, by its name."""
    return WalletError(WalletErrorKind.TESTNET, f"of a test network: {name}")
