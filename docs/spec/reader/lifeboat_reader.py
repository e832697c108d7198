#!/usr/bin/env python3
"""A second reader of Lifeboat's sealed objects, independent of the first.

Written from docs/spec/sealed-object.md, site.md and archive.md alone, so that a
backup can be recovered with a passphrase, this file and nothing else of ours:

    apt-get install python3-cryptography python3-argon2
    LIFEBOAT_PASSPHRASE=... python3 lifeboat_reader.py unseal media.tar.zst.sealed \\
        --passphrase-env LIFEBOAT_PASSPHRASE > media.tar.zst

Exit status: 0, or by what is wrong: 3 CORRUPT, 4 WRONG_KEY, 5 UNSUPPORTED,
6 INCOMPATIBLE, 7 INVALID. What was written before a failure is authentic, but
not all of it. Nothing secret is ever printed.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import sys
import unicodedata

try:
    from argon2.low_level import Type, hash_secret_raw
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
except ImportError as missing:
    sys.exit(f"{missing}: apt-get install python3-cryptography python3-argon2")

MAX_KEY_BLOCK = 65_536
MAX_DATA = 16 * 1024 * 1024 + 64 * 1024
MAX_LAST = 64 * 1024 * 1024
MAX_DOCUMENT = 64 * 1024 * 1024
TRAILER = 20
STATUS = {"CORRUPT": 3, "WRONG_KEY": 4, "UNSUPPORTED": 5, "INCOMPATIBLE": 6, "INVALID": 7}


class Failure(Exception):
    """What is wrong, by the classes of the specification."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def corrupt(message):
    return Failure("CORRUPT", message)


# --- Sealed objects -----------------------------------------------------------------


def hkdf(key, salt, info):
    """HKDF-SHA-256 (RFC 5869) with one block of output."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    return hmac.digest(prk, info + b"\x01", "sha256")


class Header:
    """A header that was checked for damage."""

    def __init__(self, stream):
        fixed = read_up_to(stream, 16)
        if fixed[:8] != b"LIFEBOAT":
            raise corrupt("this is not a sealed object")
        if len(fixed) < 16:
            raise corrupt("the header is cut off")
        size = int.from_bytes(fixed[12:16], "big")
        if size > MAX_KEY_BLOCK:
            raise corrupt("the key block is longer than the limit")
        rest = read_up_to(stream, 64 + size + 16)
        if len(rest) < 64 + size + 16:
            raise corrupt("the header is cut off")
        self.digest = hashlib.sha256(fixed + rest[:-16]).digest()
        if self.digest[:16] != rest[-16:]:
            raise corrupt("the header's check does not hold")
        version, self.suite, self.kind, reserved = fixed[8:12]
        if version != 1 or reserved != 0:
            raise Failure("UNSUPPORTED", "the object is of a newer version")
        if self.suite not in (1, 2):
            raise Failure("UNSUPPORTED", f"suite {self.suite} is unknown")
        if self.kind not in (1, 2, 3, 4, 5):
            raise Failure("UNSUPPORTED", f"kind {self.kind} is unknown")
        self.fixed, self.salt, self.commitment = fixed, rest[:32], rest[32:64]
        self.key_block = rest[64:-16]
        self.length = 96 + size

    def open(self, site_key, kind=None):
        """The AEAD of the object's segments."""
        if kind is not None and kind != self.kind:
            raise Failure("INCOMPATIBLE", f"the object is of kind {self.kind}, not {kind}")
        commitment = hkdf(site_key, self.salt, b"lifeboat/1 commit" + self.fixed)
        if not hmac.compare_digest(commitment, self.commitment):
            raise Failure("WRONG_KEY", "the object was made under another site key")
        key = hkdf(site_key, self.salt, b"lifeboat/1 seal" + self.digest)
        return AESGCM(key) if self.suite == 1 else ChaCha20Poly1305(key)


def read_up_to(stream, size):
    """`size` bytes, or fewer at the end; never more memory than there are bytes."""
    parts, missing = [], size
    while missing > 0:
        part = stream.read(min(missing, 1 << 20))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def unseal(stream, find_key, kind=None):
    """The content from front to back. `find_key(header)` gives the site key."""
    header = Header(stream)
    aead = header.open(find_key(header), kind)
    lengths, offset = [], header.length
    # So many bytes are always read ahead: enough to see whether another segment follows.
    ahead = read_up_to(stream, TRAILER + 1)
    while True:
        if len(ahead) < 4:
            raise corrupt(f"cut off before segment {len(lengths)}")
        length = int.from_bytes(ahead[:4], "big")
        if not 1 <= length <= MAX_LAST:
            raise corrupt(f"segment {len(lengths)} has a length out of the limits")
        total = 4 + length + 16
        ahead += read_up_to(stream, max(0, total + TRAILER + 1 - len(ahead)))
        if len(ahead) < total + TRAILER:
            raise corrupt(f"cut off within segment {len(lengths)}")
        last = len(ahead) == total + TRAILER
        if not last and length > MAX_DATA:
            raise corrupt(f"segment {len(lengths)} has a length out of the limits")
        nonce = len(lengths).to_bytes(11, "big") + bytes([last])
        try:
            plaintext = aead.decrypt(nonce, ahead[4:total], ahead[:4])
        except InvalidTag:
            raise corrupt(f"segment {len(lengths)} does not open") from None
        ahead = ahead[total:]
        if last:
            break
        yield plaintext
        lengths.append(length)
        offset += total
    if ahead != offset.to_bytes(8, "big") + len(lengths).to_bytes(4, "big") + b"LBOATEND":
        raise corrupt("the trailer does not fit")
    check_table(unwrap(plaintext) if header.kind == 1 else plaintext, lengths)
    if header.kind == 1:
        yield plaintext


def unwrap(frame):
    """An archive part's table out of the frame that decompressors skip (docs/spec/archive.md)."""
    if frame[:4] == b"\x5b\x2a\x4d\x18" and int.from_bytes(frame[4:8], "little") == len(frame) - 8:
        return frame[8:-20]
    table, at = b"", 0
    while at < len(frame):
        size = int.from_bytes(frame[at + 14 : at + 16], "little")
        member = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff" + (size + 4).to_bytes(2, "little") + b"LB"
        if frame[at : at + 14] != member or frame[at + 16 + size : at + 26 + size] != b"\x03" + bytes(9):
            raise corrupt("the table's frame is malformed")
        table += frame[at + 16 : at + 16 + size]
        at += 26 + size
    return table[:-20]


def check_table(table, lengths):
    count = int.from_bytes(table[:4], "big")
    if len(table) < 4 + 9 * count or len(table) < 4 or count != len(lengths):
        raise corrupt("the table does not fit")
    for i, length in enumerate(lengths):
        if int.from_bytes(table[4 + 9 * i : 8 + 9 * i], "big") != length:
            raise corrupt("the table does not fit")


# --- Slots --------------------------------------------------------------------------


def is_hex(value, size):
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]*", value) is not None and len(value) == 2 * size


def is_count(value):
    return type(value) is int and value >= 1


def check_slot(slot):
    """Whether a slot has the members that its kind must have."""
    if not isinstance(slot, dict) or not isinstance(slot.get("kind"), str):
        return False
    if not isinstance(slot.get("id"), str) or slot["id"] == "":
        return False
    if slot["kind"] not in ("passphrase", "recovery", "raw"):
        return True
    label, kdf = slot.get("label", "x"), slot.get("kdf")
    if not isinstance(label, str) or not 1 <= len(label) <= 100:
        return False
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in label):
        return False
    created = slot.get("created")
    if not isinstance(created, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created, re.ASCII):
        return False
    if not is_hex(slot["id"], 8) or not is_hex(slot.get("nonce"), 12) or not is_hex(slot.get("wrapped"), 48):
        return False
    if not isinstance(kdf, dict) or not is_hex(kdf.get("salt"), 16):
        return False
    if slot["kind"] != "passphrase":
        return kdf.get("name") == "hkdf-sha256"
    costs = [kdf.get("memoryKiB"), kdf.get("passes"), kdf.get("parallelism")]
    return kdf.get("name") == "argon2id" and all(map(is_count, costs)) and costs[0] >= 8 * costs[2]


def check_slots(slots):
    if not isinstance(slots, list) or len(slots) > 64 or not all(map(check_slot, slots)):
        raise corrupt("the list of slots is malformed")
    if len({slot["id"] for slot in slots}) != len(slots):
        raise corrupt("two slots have the same id")
    return slots


def open_slots(slots, site_id, kind, secret):
    """The site key out of the first slot of this kind that opens."""
    oversized, work = False, 0
    for slot in slots:
        if slot["kind"] != kind:
            continue
        kdf, salt = slot["kdf"], bytes.fromhex(slot["kdf"]["salt"])
        if kind == "passphrase":
            m, t, p = kdf["memoryKiB"], kdf["passes"], kdf["parallelism"]
            if m > 1_048_576 or t > 64 or p > 16 or m * t > 4_194_304 or work + m * t > 16_777_216:
                oversized = True
                continue
            work += m * t
            parameters = f"argon2id m={m} t={t} p={p} {kdf['salt']}"
            kek = hash_secret_raw(secret, salt, t, m, p, 32, Type.ID, 0x13)
        else:
            parameters = f"hkdf-sha256 {kdf['salt']}"
            kek = hkdf(secret, salt, f"lifeboat/1 slot {kind}".encode())
        lines = ["lifeboat/1 slot", site_id, slot["id"], kind, slot["created"], parameters, slot.get("label", "")]
        try:
            return AESGCM(kek).decrypt(bytes.fromhex(slot["nonce"]), bytes.fromhex(slot["wrapped"]), "\n".join(lines).encode())
        except InvalidTag:
            continue
    if oversized:
        raise Failure("UNSUPPORTED", "a slot needs more memory or passes than this reader allows")
    raise Failure("WRONG_KEY", f"no slot of kind {kind} opens with what was given")


def open_key_block(key_block, kind, secret):
    if not key_block:
        raise Failure("INVALID", "the object carries no slots; give the site's lifeboat.json with --site")
    try:
        block = json.loads(key_block.decode("utf-8"))
    except ValueError:
        raise corrupt("the key block is not JSON") from None
    if not isinstance(block, dict) or not isinstance(block.get("siteId"), str):
        raise corrupt("the key block names no site")
    return open_slots(check_slots(block.get("slots")), block["siteId"], kind, secret)


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def parse_recovery_code(typed):
    """The 20 bytes of a recovery code."""
    kept = [c for c in typed if not c.isspace() and unicodedata.category(c) != "Pd" and c != "\u2212"]
    code = "".join(kept).upper().replace("O", "0").replace("I", "1").replace("L", "1")
    if len(code) != 36 or any(c not in ALPHABET for c in code):
        raise Failure("INVALID", "the recovery code was mistyped: 36 letters and digits were expected")
    number = 0
    for c in code:
        number = number << 5 | ALPHABET.index(c)
    secret = (number >> 20).to_bytes(20, "big")
    digest = hashlib.sha256(b"lifeboat/1 recovery code" + secret).digest()
    if int.from_bytes(digest[:3], "big") >> 4 != number & 0xFFFFF:
        raise Failure("INVALID", "the recovery code was mistyped: its checksum does not fit")
    return secret


# --- Documents ----------------------------------------------------------------------


def parse_document(data):
    """The members of a document whose check holds, and a function that checks its MAC."""
    if len(data) > MAX_DOCUMENT:
        raise corrupt("the document is too long")
    end = re.search(rb',\n  "check": "([0-9a-f]{64})"\n\}\n\Z', data[-83:])
    if end is None or hashlib.sha256(data[:-68]).hexdigest().encode() != end.group(1):
        raise corrupt("the document's check is missing or does not hold")
    before = data[: -len(end.group(0))]
    mac = re.search(rb',\n  "mac": "([0-9a-f]{64})"\Z', before[-77:])
    body = before[: -len(mac.group(0))] if mac else before
    try:
        value = json.loads(body.decode("utf-8") + "\n}", object_pairs_hook=members)
    except (ValueError, RecursionError):
        raise corrupt("the document is not JSON") from None
    if not isinstance(value, dict) or not value or "mac" in value or "check" in value or depth(value) > 64:
        raise corrupt("the document is malformed")

    def verify(mac_key, kind, ident):
        if mac_key is None:
            if mac:
                raise Failure("INCOMPATIBLE", "the document belongs to an encrypted site")
            return
        place = b"".join(len(part).to_bytes(4, "big") + part for part in (kind.encode(), ident.encode()))
        expected = hmac.digest(mac_key, place + before[:-65], "sha256").hex().encode()
        if not mac or not hmac.compare_digest(expected, mac.group(1)):
            raise corrupt("the document's MAC is missing or does not hold: altered by someone without the key")

    return value, verify


def members(pairs):
    names = [name for name, _ in pairs]
    if "__proto__" in names or len(set(names)) != len(names):
        raise ValueError("a name that may not be, or one twice")
    return dict(pairs)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def open_site(data, kind, secret):
    """The site key of a `lifeboat.json`; `None` where it is not encrypted and `kind` is `None`."""
    value, verify = parse_document(data)
    if value.get("type") != "lifeboat site" or not is_count(value.get("version")):
        raise corrupt("the site descriptor is malformed")
    if value["version"] != 1:
        raise Failure("UNSUPPORTED", "the site is of a newer version")
    site_id, suite, slots = value.get("siteId"), value.get("suite", ""), value.get("slots")
    if not is_hex(site_id, 16) or not isinstance(value.get("created"), str) or not isinstance(value.get("format"), str):
        raise corrupt("the site descriptor is malformed")
    if value["format"] not in ("archive", "dedup", "mirror"):
        raise Failure("UNSUPPORTED", "the site's format is unknown")
    if not is_count(value.get("formatVersion")) or not (suite is None or is_count(suite)):
        raise corrupt("the site descriptor is malformed")
    if suite not in (None, 1, 2):
        raise Failure("UNSUPPORTED", "the site's suite is unknown")
    if (suite is None) != (len(check_slots(slots)) == 0):
        raise corrupt("the site descriptor is malformed")
    if (suite is None) != (kind is None):
        raise Failure("INCOMPATIBLE", "the site is not encrypted" if suite is None else "the site is encrypted")
    site_key = None if suite is None else open_slots(slots, site_id, kind, secret)
    verify(None if site_key is None else hkdf(site_key, b"", b"lifeboat/1 subkey manifest-mac"), "site", site_id)
    return site_key


# --- Command line -------------------------------------------------------------------


def secret_from(args):
    """The kind of key that was given, and its bytes."""
    if args.passphrase_env:
        return "passphrase", unicodedata.normalize("NFC", from_environment(args.passphrase_env)).encode("utf-8")
    if args.recovery_code_env:
        return "recovery", parse_recovery_code(from_environment(args.recovery_code_env))
    if args.raw_key_file:
        with open(args.raw_key_file, "rb") as file:
            return "raw", file.read(1025)
    raise Failure("INVALID", "give --passphrase-env, --recovery-code-env or --raw-key-file")


def from_environment(name):
    value = os.environ.get(name, "")
    if value == "":
        raise Failure("INVALID", f"the environment variable {name} is empty")
    return value


def main():
    parser = argparse.ArgumentParser(description="Reads Lifeboat's sealed objects.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("unseal", help="write a sealed object's content to the standard output")
    command.add_argument("file")
    command.add_argument("--site", metavar="LIFEBOAT_JSON", help="take the slots from here, not from the object")
    for name, what in (("passphrase", "passphrase"), ("recovery-code", "recovery code")):
        command.add_argument(f"--{name}-env", metavar="NAME", help=f"the environment variable with the {what}")
    command.add_argument("--raw-key-file", metavar="FILE")
    args = parser.parse_args()

    try:
        kind, secret = secret_from(args)

        def find_key(header):
            if args.site is None:
                return open_key_block(header.key_block, kind, secret)
            with open(args.site, "rb") as file:
                return open_site(file.read(MAX_DOCUMENT + 1), kind, secret)

        with open(args.file, "rb") as file:
            for plaintext in unseal(file, find_key):
                sys.stdout.buffer.write(plaintext)
        sys.stdout.buffer.flush()
    except Failure as failure:
        print(f"{failure.code}: {failure}", file=sys.stderr)
        return STATUS[failure.code]
    except OSError as error:
        print(f"{error.filename or args.file}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
