#!/usr/bin/env python3
"""A second reader of Lifeboat's dedup sites, independent of the first.

Written from docs/spec/dedup.md and the pages that it builds on, so that a backup can
be recovered from a copy of the site in a local directory, with a passphrase, this
file, lifeboat_reader.py beside it, and nothing else of ours:

    apt-get install python3-cryptography python3-argon2 zstd
    python3 lifeboat_dedup.py list SITE
    LIFEBOAT_PASSPHRASE=... python3 lifeboat_dedup.py restore SITE BACKUP OUT \\
        --passphrase-env LIFEBOAT_PASSPHRASE

`restore` makes the new directory OUT, and in it one for each source. Every chunk is
checked before it is written. Without a key the site is taken to be unencrypted. Memory
grows with the number of chunks in the site: some 300 bytes each. Exit status as that
of lifeboat_reader.py, and 8 for NOT_FOUND.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import io
import json
import os
import re
import struct
import subprocess
import sys
import zlib

import lifeboat_reader as sealed
from lifeboat_reader import Failure, corrupt

try:
    import zstandard
except ImportError:
    zstandard = None  # then the program zstd is asked

PACK, INDEX, LIST, FIELD = 2, 3, 4, 5
MAX_CHUNK = MAX_FRAME = 16 * 1024 * 1024
MAX_CHUNKS, MAX_FRAMES, MAX_PACKS = 1_048_576, 262_144, 4096
MAX_BLOCK_ROWS, MAX_ROOT_REFS, MAX_CHUNK_REFS, MAX_DEPTH = 4096, 64, 8192, 4
COLUMN_CHUNKS = 65_536
CACHED_FRAMES, OPEN_PACKS = 32, 64
FILE, DIRECTORY, SYMLINK, HARDLINK = range(4)
BACKUP_ID = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-(manual|scheduled|pre-update|pre-restore|guard|import)-[0-9a-f]{4}", re.ASCII
)
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
STATUS = {**sealed.STATUS, "NOT_FOUND": 8}


def not_found(message):
    return Failure("NOT_FOUND", message)


# --- Sealed objects at random -------------------------------------------------------


class SealedFile:
    """A sealed object whose segments are read one by one."""

    def __init__(self, path, key, kind):
        self.path, self.file = path, open_file(path)
        header = sealed.Header(self.file)
        self.aead, self.start = header.open(key, kind), header.length
        self.size = os.fstat(self.file.fileno()).st_size

    def close(self):
        self.file.close()

    def segment(self, number, offset, length, last=False):
        self.file.seek(offset)
        data = sealed.read_up_to(self.file, 20 + length)
        if len(data) < 20 + length or data[:4] != length.to_bytes(4, "big"):
            raise corrupt(f"{self.path}: segment {number} has another length")
        nonce = number.to_bytes(11, "big") + bytes([last])
        try:
            return self.aead.decrypt(nonce, data[4:], data[:4])
        except sealed.InvalidTag:
            raise corrupt(f"{self.path}: segment {number} does not open") from None

    def table(self):
        """The rows `(length, expanded length, tag, offset)`, and the table's extra."""
        if self.size < self.start + 40:
            raise corrupt(f"{self.path} is cut off")
        self.file.seek(self.size - 20)
        trailer = sealed.read_up_to(self.file, 20)
        offset, count = struct.unpack(">QI", trailer[:12])
        length = self.size - 40 - offset
        if trailer[12:] != b"LBOATEND" or not 1 <= length <= sealed.MAX_LAST or offset < self.start:
            raise corrupt(f"{self.path}: the trailer does not fit")
        table = self.segment(count, offset, length, last=True)
        if len(table) < 4 + 9 * count or int.from_bytes(table[:4], "big") != count:
            raise corrupt(f"{self.path}: the table does not fit")
        rows, at = [], self.start
        for n in range(count):
            length, expanded, tag = struct.unpack_from(">IIB", table, 4 + 9 * n)
            rows.append((length, expanded, tag, at))
            at += 20 + length
        if at != offset:
            raise corrupt(f"{self.path}: the table does not fit")
        return rows, table[4 + 9 * count :]


def open_file(path):
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise not_found(f"{path} is missing") from None


def expand(codec, data, length):
    """A frame's content: `length` bytes, or it is refused."""
    if codec == 0:
        content = data
    elif codec == 1 and zstandard is not None:
        try:
            content = zstandard.ZstdDecompressor().stream_reader(data).read(length + 1)
        except zstandard.ZstdError:
            raise corrupt("a frame does not expand") from None
    elif codec == 1:
        run = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True)
        if run.returncode != 0:
            raise corrupt("a frame does not expand")
        content = run.stdout
    elif codec == 2:
        try:
            content = zlib.decompressobj(31).decompress(data, length + 1)
        except zlib.error:
            raise corrupt("a frame does not expand") from None
    else:
        raise Failure("UNSUPPORTED", f"codec {codec} is unknown")
    if len(content) != length:
        raise corrupt(f"a frame has {len(content)} bytes, {length} were expected")
    return content


# --- Where chunks lie ---------------------------------------------------------------


class Bytes:
    """Takes fields from the front of some bytes."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def take(self, size):
        if size > len(self.data) - self.at:
            raise corrupt(f"{self.what} is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, code, count):
        return struct.unpack(f">{count}{code}", self.take(struct.calcsize(f">{code}") * count))

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift == 56:
                raise corrupt(f"{self.what}: a number is too long")
        if value > 2**53 - 1:
            raise corrupt(f"{self.what}: a number is too large")
        return value

    def version(self):
        version, zero, zeros = struct.unpack(">BBH", self.take(4))
        if version > 1:
            raise Failure("UNSUPPORTED", f"{self.what} is of a newer version")
        if version != 1:
            raise corrupt(f"{self.what} has no version")
        return zero, zeros

    def end(self):
        if self.at != len(self.data):
            raise corrupt(f"{self.what} is too long")


class Packs:
    """The packs of a site, and which chunk lies where in them."""

    def __init__(self, folder, key):
        self.folder, self.key = folder, key
        self.chunk_key = sealed.hkdf(key, b"", b"lifeboat/1 subkey chunk-id")
        self.frames, self.places, self.copies = [], {}, {}
        self.cache, self.opened = collections.OrderedDict(), collections.OrderedDict()
        try:
            for name in listed(os.path.join(folder, "index"), r"[0-9a-f]{32}"):
                self.read_index(os.path.join(folder, "index", name))
        except Failure as failure:
            if failure.code not in ("CORRUPT", "NOT_FOUND"):
                raise
            print(f"{failure.code}: {failure}; the packs' own tables are read instead", file=sys.stderr)
            self.frames, self.places, self.copies = [], {}, {}
            self.read_packs()

    def path_of(self, pack):
        return os.path.join(self.folder, "packs", pack[:2], pack)

    def add(self, pack, frames, counts, lengths, ids):
        """Notes the chunks of a pack. `frames`: `(length, expanded length, codec, offset)`."""
        at = 0
        for number, (frame, count) in enumerate(zip(frames, counts)):
            index, offset = len(self.frames), 0
            self.frames.append((pack, number, *frame))
            for n in range(at, at + count):
                ident, place = ids[32 * n : 32 * n + 32], (index, offset, lengths[n])
                if self.places.setdefault(ident, place) != place:
                    self.copies.setdefault(ident, []).append(place)
                offset += lengths[n]
            if offset != frame[1]:
                raise corrupt(f"the chunks of a frame of pack {pack} have {offset} bytes, not {frame[1]}")
            at += count

    def read_index(self, path):
        file = SealedFile(path, self.key, INDEX)
        try:
            rows, _ = file.table()
            if not rows:
                raise corrupt(f"{path} is empty")

            def content(number):
                length, expanded, codec, offset = rows[number]
                return expand(codec, file.segment(number, offset, length), expanded)

            head = Bytes(content(0), path)
            head.version()
            packs, frames, chunks = head.numbers("I", 3)
            if packs > MAX_PACKS or frames > MAX_FRAMES or chunks > MAX_CHUNKS:
                raise corrupt(f"{path} is larger than the limits")
            names = [head.take(16).hex() for _ in range(packs)]
            sizes = head.numbers("Q", packs)
            head.take(32 * packs)  # SHA-256 of each: what is read is checked by its chunks' ids
            head.numbers("B", packs)
            frames_of = head.numbers("I", packs)
            columns = [head.numbers(code, frames) for code in "IIBI"]
            head.end()
            if sum(frames_of) != frames or sum(columns[3]) != chunks:
                raise corrupt(f"{path}: its numbers disagree")
            parts = -(-chunks // COLUMN_CHUNKS)
            if len(rows) != 1 + 2 * parts:
                raise corrupt(f"{path} has {len(rows)} segments")
            lengths, ids = [], []
            for part in range(parts):
                count = min(COLUMN_CHUNKS, chunks - part * COLUMN_CHUNKS)
                column = Bytes(content(1 + 2 * part), path)
                lengths.extend(column.numbers("I", count))
                column.end()
                ids.append(content(2 + 2 * part))
                if len(ids[-1]) != 32 * count:
                    raise corrupt(f"{path}: its numbers disagree")
            ids, frame, chunk = b"".join(ids), 0, 0
            for name, size, count in zip(names, sizes, frames_of):
                own, at = [], 96
                for n in range(frame, frame + count):
                    own.append((columns[0][n], columns[1][n], columns[2][n], at))
                    at += 20 + columns[0][n]
                held = columns[3][frame : frame + count]
                total = sum(held)
                # An index is a hint: what it says counts where the pack is there.
                if is_there(self.path_of(name), size):
                    self.add(name, own, held, lengths[chunk : chunk + total], ids[32 * chunk : 32 * (chunk + total)])
                frame, chunk = frame + count, chunk + total
        finally:
            file.close()

    def read_packs(self):
        for folder in listed(os.path.join(self.folder, "packs"), r"[0-9a-f]{2}"):
            for name in listed(os.path.join(self.folder, "packs", folder), r"[0-9a-f]{32}"):
                try:
                    self.read_pack(name)
                except Failure as failure:
                    print(f"{failure.code}: {failure}", file=sys.stderr)

    def read_pack(self, name):
        file = SealedFile(self.path_of(name), self.key, PACK)
        try:
            rows, extra = file.table()
        finally:
            file.close()
        table = Bytes(extra, f"the table of pack {name}")
        table.version()
        counts = table.numbers("I", len(rows))
        if sum(counts) > MAX_CHUNKS or len(rows) > 4096:
            raise corrupt(f"pack {name} is larger than the limits")
        lengths = table.numbers("I", sum(counts))
        ids = table.take(32 * sum(counts))
        table.end()
        self.add(name, rows, counts, lengths, ids)

    def chunk(self, ident, length=None):
        """A chunk's bytes, checked, out of the first copy that is whole."""
        if ident not in self.places:
            raise not_found(f"no pack has the chunk {ident.hex()}")
        *first, last = [self.places[ident], *self.copies.get(ident, [])]
        for place in first:
            try:
                return self.chunk_at(place, ident, length)
            except Failure as failure:
                print(f"{failure.code}: {failure}; another copy is taken", file=sys.stderr)
        return self.chunk_at(last, ident, length)

    def chunk_at(self, place, ident, length):
        frame, offset, size = place
        content = self.frame(frame)[offset : offset + size]
        if not hmac.compare_digest(hmac.digest(self.chunk_key, content, "sha256"), ident):
            raise corrupt(f"the chunk {ident.hex()} has another content")
        if length is not None and length != size:
            raise corrupt(f"the chunk {ident.hex()} has {size} bytes, {length} were expected")
        return content

    def frame(self, index):
        content = self.cache.get(index)
        if content is None:
            pack, number, length, expanded, codec, offset = self.frames[index]
            if not 1 <= expanded <= MAX_FRAME or not 1 <= length <= sealed.MAX_DATA:
                raise corrupt(f"a frame of pack {pack} is larger than the limits")
            content = expand(codec, self.pack(pack).segment(number, offset, length), expanded)
            keep(self.cache, index, content, CACHED_FRAMES)
        self.cache.move_to_end(index)
        return content

    def pack(self, name):
        file = self.opened.get(name)
        if file is None:
            file = SealedFile(self.path_of(name), self.key, PACK)
            gone = keep(self.opened, name, file, OPEN_PACKS)
            if gone is not None:
                gone.close()
        self.opened.move_to_end(name)
        return file


def keep(cache, key, value, most):
    """Adds to a cache; answers what had to go for it."""
    cache[key] = value
    return cache.popitem(last=False)[1] if len(cache) > most else None


def listed(folder, pattern):
    try:
        return sorted(name for name in os.listdir(folder) if re.fullmatch(pattern, name))
    except FileNotFoundError:
        return []


def is_there(path, size):
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False


# --- Lists --------------------------------------------------------------------------


def read_references(chunk):
    """A reference chunk as `[(length, id)]`."""
    data = Bytes(chunk, "a reference chunk")
    data.version()
    (count,) = data.numbers("I", 1)
    if not 1 <= count <= MAX_CHUNK_REFS:
        raise corrupt("a reference chunk has a number of references out of the limits")
    lengths = data.numbers("Q", count)
    ids = data.take(32 * count)
    data.end()
    return [(length, ids[32 * n : 32 * n + 32]) for n, length in enumerate(lengths)]


def body_chunks(packs, depth, refs):
    """The chunks of a body, in order, each checked."""
    if depth > MAX_DEPTH:
        raise corrupt(f"a body has the depth {depth}")
    for length, ident in refs:
        if depth == 0:
            if not 1 <= length <= MAX_CHUNK:
                raise corrupt(f"a chunk has {length} bytes")
            yield packs.chunk(ident, length)
            continue
        inner = read_references(packs.chunk(ident))
        if sum(size for size, _ in inner) != length:
            raise corrupt("the lengths of references disagree")
        yield from body_chunks(packs, depth - 1, inner)


Entry = collections.namedtuple("Entry", "type path size mode mtime uid gid target depth refs")


def read_block(chunk):
    """The entries of a block."""
    data = Bytes(chunk, "a block of a list")
    data.version()
    (rows,) = data.numbers("I", 1)
    if not 1 <= rows <= MAX_BLOCK_ROWS:
        raise corrupt("a block has a number of rows out of the limits")
    columns = []
    for n in range(17):
        (length,) = data.numbers("I", 1)
        columns.append(Bytes(data.take(length), f"column {n + 1} of a block"))
    data.end()
    types = columns[0].numbers("B", rows)
    paths, path = [], b""
    for _ in range(rows):
        shared, rest = columns[1].varint(), columns[1].varint()
        if shared > len(path):
            raise corrupt("a path shares more than there is")
        path = path[:shared] + columns[1].take(rest)
        paths.append(path)
    sizes = [columns[2].varint() for _ in range(rows)]
    modes = [columns[3].varint() for _ in range(rows)]
    times = columns[4].numbers("d", rows)
    columns[5].numbers("d", rows)
    columns[6].numbers("Q", rows)
    uids = [columns[7].varint() - 1 for _ in range(rows)]
    gids = [columns[8].varint() - 1 for _ in range(rows)]
    names = [[columns[n].varint() for _ in range(rows)] for n in (9, 10, 11)]
    texts = 0
    while columns[12].at < len(columns[12].data):
        columns[12].take(columns[12].varint())
        texts += 1
    if any(number > texts for column in names for number in column):
        raise corrupt("a block refers to a text that it does not have")
    targets = [columns[13].take(columns[13].varint()) if kind >= SYMLINK else None for kind in types]
    bodies = [(columns[14].varint(), columns[14].varint()) if kind == FILE else (0, 0) for kind in types]
    count = sum(n for _, n in bodies)
    lengths, ids = columns[15].numbers("Q", count), columns[16].take(32 * count)
    for column in columns:
        column.end()
    at = 0
    for n in range(rows):
        depth, own = bodies[n]
        refs = [(lengths[i], ids[32 * i : 32 * i + 32]) for i in range(at, at + own)]
        at += own
        entry = Entry(types[n], paths[n], sizes[n], modes[n], times[n], uids[n], gids[n], targets[n], depth, refs)
        check_entry(entry)
        yield entry


def check_entry(entry):
    if entry.type > HARDLINK or entry.mode > 0o7777 or entry.mtime != entry.mtime or abs(entry.mtime) == float("inf"):
        raise corrupt(f"the entry {entry.path!r} is malformed")
    check_path(entry.path)
    if entry.type == HARDLINK:
        check_path(entry.target)
    if entry.type != FILE and entry.size != 0:
        raise corrupt(f"the entry {entry.path!r} has content, but is no file")
    if len(entry.refs) > MAX_ROOT_REFS or sum(length for length, _ in entry.refs) != entry.size:
        raise corrupt(f"the references of {entry.path!r} do not come to its size")


def check_path(path):
    if b"\0" in path or any(segment in (b"", b".", b"..") for segment in path.split(b"/")):
        raise corrupt(f"the path {path!r} is refused")


# --- Sites and backups --------------------------------------------------------------


class Site:
    def __init__(self, folder, kind, secret):
        self.folder = folder
        data = self.descriptor()
        self.key = sealed.open_site(data, kind, secret)
        value, _ = sealed.parse_document(data)
        self.site_id = value["siteId"]
        if value["format"] != "dedup":
            raise Failure("INCOMPATIBLE", f"the site is of the format {value['format']}")
        self.sealing_key = bytes(32) if self.key is None else self.key
        self.mac_key = None if self.key is None else sealed.hkdf(self.key, b"", b"lifeboat/1 subkey manifest-mac")

    def descriptor(self):
        """`lifeboat.json`, or its copy where that is absent or damaged."""
        failure = None
        for name in ("lifeboat.json", "lifeboat.copy.json"):
            try:
                with open_file(os.path.join(self.folder, name)) as file:
                    data = file.read(sealed.MAX_DOCUMENT + 1)
                sealed.parse_document(data)
                return data
            except Failure as found:
                failure = failure or found
        raise failure

    def backups(self):
        for name in listed(os.path.join(self.folder, "backups"), BACKUP_ID.pattern):
            if os.path.exists(os.path.join(self.folder, "backups", name, "manifest.json")):
                yield name

    def manifest(self, backup):
        if not BACKUP_ID.fullmatch(backup):
            raise Failure("INVALID", f"{backup!r} is not the id of a backup")
        with open_file(os.path.join(self.folder, "backups", backup, "manifest.json")) as file:
            value, verify = sealed.parse_document(file.read(sealed.MAX_DOCUMENT + 1))
        if value.get("siteId") != self.site_id:
            raise Failure("INCOMPATIBLE", "the manifest is of another site")
        verify(self.mac_key, "manifest", backup)
        if value.get("type") != "lifeboat manifest" or value.get("id") != backup or value.get("format") != "dedup":
            raise corrupt("the manifest is malformed")
        if value.get("version") != 1:
            raise Failure("UNSUPPORTED", "the manifest is of a newer version")
        if self.key is not None:  # nothing in the details is needed, but they must be genuine
            details = base64.b64decode(value["sealed"], validate=True)
            json.loads(b"".join(sealed.unseal(io.BytesIO(details), lambda _: self.key, FIELD)))
        return value

    def part(self, backup, part):
        """The `list` of a part object that is the manifest's."""
        source = part["source"]
        (stored,) = part["objects"]
        if not SOURCE_ID.fullmatch(source) or stored["name"] != f"{source}.list.sealed":
            raise corrupt(f"the part {source!r} is malformed")
        with open_file(os.path.join(self.folder, "backups", backup, stored["name"])) as file:
            data = file.read(stored["size"] + 1)
        if len(data) != stored["size"] or hashlib.sha256(data).hexdigest() != stored["sha256"]:
            raise corrupt(f"the part {source!r} is not what the manifest says")
        value = json.loads(b"".join(sealed.unseal(io.BytesIO(data), lambda _: self.sealing_key, LIST)))
        place = (value["backup"]["siteId"], value["backup"]["id"], value["part"]["source"])
        if place != (self.site_id, backup, source):
            raise Failure("INCOMPATIBLE", f"the part {source!r} was put in another one's place")
        found = value["list"]
        if found["counts"] != part["counts"] or found["size"] != part["size"]:
            raise corrupt(f"the part {source!r} holds something else than the manifest says")
        if len(found["refs"]) > MAX_ROOT_REFS:
            raise corrupt(f"the part {source!r} has too many references")
        return found


def restore(site, backup, out, only):
    manifest = site.manifest(backup)
    parts = [part for part in manifest["parts"] if only is None or part["source"] == only]
    if not parts:
        raise not_found(f"the backup has no source {only!r}")
    packs = Packs(site.folder, site.sealing_key)
    os.mkdir(out, 0o700)
    for part in parts:
        root = site.part(backup, part)
        refs = [(length, bytes.fromhex(ident)) for length, ident in root["refs"]]
        target = os.path.join(os.fsencode(out), part["source"].encode())
        os.mkdir(target)
        writer = Writer(packs, target)
        for block in body_chunks(packs, root["depth"], refs):
            for entry in read_block(block):
                writer.put(entry)
        writer.finish()
        counts = {"files": writer.files, "directories": writer.directories, "links": writer.links}
        if counts != part["counts"] or writer.size != part["size"]:
            raise corrupt(f"the list of {part['source']!r} holds something else than the manifest says")


class Writer:
    """Writes entries into a new directory, and nowhere else."""

    def __init__(self, packs, root):
        self.packs, self.root = packs, root
        self.made, self.late = {b""}, []
        self.files = self.directories = self.links = self.size = 0

    def put(self, entry):
        path = os.path.join(self.root, entry.path)
        self.parents(entry.path)
        if entry.type == DIRECTORY:
            self.directories += 1
            if entry.path not in self.made:
                os.mkdir(path, 0o700)
                self.made.add(entry.path)
            self.late.append((path, entry))
            return
        if entry.type == FILE:
            self.files += 1
            self.size += entry.size
            with open(path, "xb") as file:
                for chunk in body_chunks(self.packs, entry.depth, entry.refs):
                    file.write(chunk)
        elif entry.type == SYMLINK:
            self.links += 1
            os.symlink(entry.target, path)
        else:
            self.links += 1
            self.parents(entry.target)
            os.link(os.path.join(self.root, entry.target), path, follow_symlinks=False)
            return
        self.finish_entry(path, entry)

    def parents(self, path):
        """Directories above a path are made here, so none of them can be a link to elsewhere."""
        at = path.rfind(b"/")
        above = path[: max(at, 0)]
        if above in self.made:
            return
        self.parents(above)
        os.mkdir(os.path.join(self.root, above), 0o700)
        self.made.add(above)

    def finish_entry(self, path, entry):
        if os.geteuid() == 0 and entry.uid >= 0 and entry.gid >= 0:
            os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
        if entry.type != SYMLINK:
            os.chmod(path, entry.mode)
        nanoseconds = round(entry.mtime * 1_000_000)
        os.utime(path, ns=(nanoseconds, nanoseconds), follow_symlinks=False)

    def finish(self):
        for path, entry in reversed(self.late):
            self.finish_entry(path, entry)


# --- Command line -------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description="Reads Lifeboat's dedup sites.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (("list", "print the backups' ids"), ("restore", "restore a backup into a new directory")):
        command = commands.add_parser(name, help=what)
        command.add_argument("site", metavar="SITE", help="the directory with lifeboat.json in it")
        if name == "restore":
            command.add_argument("backup", metavar="BACKUP", help="its id")
            command.add_argument("out", metavar="OUT", help="a directory that does not exist yet")
            command.add_argument("--source", help="only this one")
        command.add_argument("--passphrase-env", metavar="NAME", help="the environment variable with the passphrase")
        command.add_argument("--recovery-code-env", metavar="NAME", help="the one with the recovery code")
        command.add_argument("--raw-key-file", metavar="FILE")
    args = parser.parse_args()

    try:
        given = args.passphrase_env or args.recovery_code_env or args.raw_key_file
        site = Site(args.site, *(sealed.secret_from(args) if given else (None, None)))
        if args.command == "list":
            for backup in site.backups():
                site.manifest(backup)
                print(backup)
        else:
            restore(site, args.backup, args.out, args.source)
    except Failure as failure:
        print(f"{failure.code}: {failure}", file=sys.stderr)
        return STATUS[failure.code]
    except (KeyError, TypeError, ValueError) as error:
        print(f"CORRUPT: a document is malformed: {error!r}", file=sys.stderr)
        return STATUS["CORRUPT"]
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
