"""Checks a finished city with nothing but Python's standard library: python3 verify.py city.json

Input: what `cargo run -p reward-core --example publish_a_city` prints. VERIFYING.md describes every byte.
Recomputes commitment, effective seed, all packets, root, receipts, award log and its heads. Exit 0: all of it fits."""
import hashlib, json, sys
def sha(*pieces): return hashlib.sha256(b"".join(pieces)).digest()
def be(number, size): return number.to_bytes(size, "big")
class Words:
    """ChaCha12 keystream as little-endian words, and integers below n by Lemire's method."""
    def __init__(self, key):
        self.key, self.blocks, self.left = [int.from_bytes(key[i:i + 4], "little") for i in range(0, 32, 4)], 0, []
    def word(self):
        if not self.left:
            head = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *self.key]
            start = head + [self.blocks & 0xFFFFFFFF, self.blocks >> 32, 0, 0]
            s, self.blocks = list(start), self.blocks + 1
            for turn in range(12):
                for i in range(4):
                    a, b, c, d = (i + 4 * row if turn % 2 == 0 else (i + row) % 4 + 4 * row for row in range(4))
                    for x, y, z, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
                        s[z] = ((s[z] ^ s[x]) << bits | (s[z] ^ s[x]) >> 32 - bits) & 0xFFFFFFFF
            self.left = [(p + q) & 0xFFFFFFFF for p, q in zip(s, start)][::-1]
        return self.left.pop()
    def below(self, n):
        while (product := self.word() * n) & 0xFFFFFFFF < 2**32 % n: pass
        return product >> 32

def uniform(words, n, total, low, high):
    """One deck by stars and bars; the tilted engine is left out, no plan near the preset needs it."""
    t = total - n * low
    span = k = min(high - low, t)
    if mirrored := n * k < 2 * t: t, k = n * k - t, min(k, n * k - t)
    excess = 2**64
    for i in range(1, n): excess = -(-excess * (t - k - 1 + i) // (t + i))
    assert n <= 4096 and (k == t or 10 * n * excess <= 9 * 2**64), "this plan was drawn by the tilted engine"
    places, bars, parts = t + n - 1, n - 1, None
    while parts is None or max(parts) > k:
        drawn = set()
        while len(drawn) < min(bars, t): drawn.add(words.below(places))
        edges = sorted(drawn if bars <= t else set(range(places)) - drawn)
        parts = [b - a - 1 for a, b in zip([-1, *edges], [*edges, places])]
    return [low + (span - part if mirrored else part) for part in parts]

def draw(seed, rule):
    """{(day, kind): (amounts, leaves)}"""
    n, cap, low, top = (rule[name] for name in ("packets_per_day", "daily_cap_fen", "packet_min_fen", "top_packet_fen"))
    decks = {}
    for day in range(1, rule["days"] + 1):
        for kind in (0, 1):
            key = sha(b"reward-core/deck/1\0", seed, bytes([day, kind]))
            words = Words(key)
            place = words.below(n) if kind else 0
            amounts = uniform(words, n - kind, cap - kind * top, low, top - 1)
            if kind: amounts.insert(place, top)
            salts = (sha(b"reward-core/salt/1\0", key, be(i, 4))[:16] for i in range(n))
            decks[day, kind] = amounts, [leaf(day, kind, i, amounts[i], salt) for i, salt in enumerate(salts)]
    return decks
def leaf(day, kind, sequence, fen, salt): return sha(b"\0", bytes([day, kind]), be(sequence, 4), be(fen, 8), salt)
def node(left, right): return sha(b"\1", left, right)
def root(leaves, top): return sha(b"reward-core/plan-root/1\0", be(leaves, 4), top).hex()
def receipt_root(text, rule):
    lines = dict(line.split(" ", 1) for line in text.splitlines()[1:])
    day, kind, at = int(lines["day"]), ("plain", "top").index(lines["deck"]), int(lines["sequence"])
    value = leaf(day, kind, at, int(lines["amount_fen"]), bytes.fromhex(lines["salt"]))
    per_deck = rule["packets_per_day"]
    at, count = at + ((day - 1) * 2 + kind) * per_deck, rule["days"] * 2 * per_deck
    path, last = bytes.fromhex(lines["path"]), count - 1
    while last:
        if at % 2 or at < last:
            value, path = node(path[:32], value) if at % 2 else node(value, path[:32]), path[32:]
        at, last = at // 2, last // 2
    return root(count, value) if not path else "path too long"

def main(city):
    spec, seed = city["spec"].encode(), bytes.fromhex(city["seed"])
    rule = {name: int(value) for name, value in (l.split(" ", 1) for l in city["spec"].splitlines()) if value.isdigit()}
    assert sha(b"reward-core/commitment/1\0", seed, spec).hex() == city["commitment"], "commitment"
    if "\nbeacon " in city["spec"]:
        seed = sha(b"reward-core/effective-seed/1\0", seed, be(len(spec), 4), spec, city["beacon_value"].encode())
    decks = draw(seed, rule)
    count = len(level := [leaf for _, leaves in decks.values() for leaf in leaves])
    while len(level) > 1:
        level = [node(*level[i:i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    assert root(count, level[0]) == city["root"], "root"
    for text in city["receipts"]: assert receipt_root(text, rule) == city["root"], "receipt"
    head, seen, heads = sha(b"reward-core/award-log/1\0", bytes.fromhex(city["root"])), set(), list(city["heads"])
    for number, line in enumerate([*city["log"], None]):
        while heads and (line is None or int(heads[0].split()[1]) < int(line.split()[2])):
            assert heads.pop(0).split()[3::2] == [str(number), head.hex()], "daily head"
        if line:
            own, _, day, deck, place, fen, _ = line.split()
            packet = int(day), ("plain", "top").index(deck), int(place)
            assert int(own) == number and packet not in seen and decks[packet[:2]][0][packet[2]] == int(fen), line
            seen.add(packet)
            head = sha(b"reward-core/award/1\0", head, line.encode())
    print(f"{count} packets, {len(seen)} awards, {len(city['receipts'])} receipts: everything fits {city['root']}")

if __name__ == "__main__": main(json.load(open(sys.argv[1])))
