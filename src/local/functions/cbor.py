"""
Reads and writes the part of CBOR (RFC 8949) that the SDK uses, because a machine's Python may lack a package for it. The
tags are 0 and 1 for times, 2 and 3 for large integers, 64 to 87 for typed arrays and 258 for sets.
"""
import datetime, math, struct

def cbor_decode(data):
    value, end = _decode(memoryview(data), 0)
    return value

def _length(data, at, info):
    if info < 24:
        return info, at
    if info > 27:
        raise ValueError("The data is not valid CBOR.")
    size = 1 << (info - 24)
    return int.from_bytes(data[at:at + size], "big"), at + size

_BREAK = object()

def _items(data, at, count):
    items = []
    while count is None or len(items) < count:
        item, at = _decode(data, at)
        if item is _BREAK:
            break
        items.append(item)
    return items, at

def _decode(data, at):
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if major == 7:
        return _simple(data, at, info)
    if info == 31:
        parts, at = _items(data, at, None)
        if major == 2:
            return b"".join(parts), at
        if major == 3:
            return "".join(parts), at
        if major == 5:
            return dict(zip(parts[::2], parts[1::2])), at
        return parts, at
    length, at = _length(data, at, info)
    if major == 0:
        return length, at
    if major == 1:
        return -1 - length, at
    if major == 2:
        return bytes(data[at:at + length]), at + length
    if major == 3:
        return str(data[at:at + length], "utf-8"), at + length
    if major == 4:
        return _items(data, at, length)
    if major == 5:
        parts, at = _items(data, at, 2 * length)
        return dict(zip(parts[::2], parts[1::2])), at
    value, at = _decode(data, at)
    return _tagged(length, value), at

def _simple(data, at, info):
    if info == 25:
        return struct.unpack(">e", data[at:at + 2])[0], at + 2
    if info == 26:
        return struct.unpack(">f", data[at:at + 4])[0], at + 4
    if info == 27:
        return struct.unpack(">d", data[at:at + 8])[0], at + 8
    if info == 31:
        return _BREAK, at
    if info == 24:
        at += 1
    return {20: False, 21: True}.get(info), at

def _tagged(tag, value):
    if tag == 0:
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    if tag == 1:
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if tag == 2:
        return int.from_bytes(value, "big")
    if tag == 3:
        return -1 - int.from_bytes(value, "big")
    if tag == 258:
        return set(value)
    return value

def cbor_encode(value):
    out = bytearray()
    _encode(value, out)
    return bytes(out)

def _head(major, number, out):
    if number < 24:
        out.append(major << 5 | number)
    else:
        size = next(size for size in (0, 1, 2, 3) if number < 1 << (8 << size))
        out.append(major << 5 | 24 + size)
        out += number.to_bytes(1 << size, "big")

def _encode(value, out):
    if value is None:
        out.append(0xF6)
    elif value is True or value is False:
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        number = value if value >= 0 else -1 - value
        if number < 1 << 64:
            _head(0 if value >= 0 else 1, number, out)
        else:
            out.append(0xC2 if value >= 0 else 0xC3)
            _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"), out)
    elif isinstance(value, float):
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif isinstance(value, str):
        text = value.encode()
        _head(3, len(text), out)
        out += text
    elif isinstance(value, (bytes, bytearray, memoryview)):
        _head(2, len(bytes(value)), out)
        out += bytes(value)
    elif isinstance(value, (list, tuple)):
        _head(4, len(value), out)
        for item in value:
            _encode(item, out)
    elif isinstance(value, dict):
        _head(5, len(value), out)
        for key, item in value.items():
            _encode(key, out)
            _encode(item, out)
    elif isinstance(value, (set, frozenset)):
        out += b"\xd9\x01\x02"
        _encode(list(value), out)
    elif isinstance(value, datetime.datetime):
        out.append(0xC1)
        _encode((value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)).timestamp(), out)
    else:
        _encode_foreign(value, out)

def _encode_foreign(value, out):
    # Scalars of NumPy and similar packages convert themselves.
    if callable(getattr(value, "item", None)) and getattr(value, "shape", None) == ():
        _encode(value.item(), out)
    else:
        raise TypeError("A value of type %s cannot be returned to the caller, because CBOR cannot represent it." % type(value).__name__)
