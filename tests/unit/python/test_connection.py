# SPDX-License-Identifier: MIT
"""Frames on a worker's socket."""

import os
import resource
import socket
import threading

import pytest

from comar.connection import LARGEST_FRAME, Connection, ConnectionLost, move_high


@pytest.fixture
def pair():
    """(connection, the socket at the other end)"""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    connection = Connection(ours.detach())
    yield connection, theirs
    connection.close()
    theirs.close()


def test_a_frame_is_a_length_and_json(pair):
    connection, other = pair
    connection.send({"op": "ş", "n": [1, None]})
    assert other.recv(100) == b'\x18\0\0\0{"op":"\xc5\x9f","n":[1,null]}'


def test_a_frame_that_comes_in_pieces_is_put_together(pair):
    connection, other = pair

    def send():
        for byte in b'\x09\0\0\0{"op": 1}':
            other.send(bytes([byte]))

    sender = threading.Thread(target=send)
    sender.start()
    assert connection.receive() == {"op": 1}
    sender.join()


def test_two_frames_in_one_piece_are_two(pair):
    connection, other = pair
    other.send(b'\x02\0\0\0{}\x07\0\0\0{"a":1}')
    assert (connection.receive(), connection.receive()) == ({}, {"a": 1})


def test_a_large_message_comes_whole(pair):
    connection, other = pair
    text = "x" * (3 << 20)
    sender = threading.Thread(target=connection.send, args=({"text": text},))
    sender.start()
    back = Connection(other.detach())
    assert back.receive() == {"text": text}
    sender.join()
    back.close()


def test_descriptors_go_along(pair):
    connection, other = pair
    read, write = os.pipe()
    connection.send({"op": "follow"}, [read])
    message, fds, _, _ = socket.recv_fds(other, 1000, 4)
    assert message[4:] == b'{"op":"follow"}'
    os.write(write, b"through")
    assert os.read(fds[0], 100) == b"through"
    for fd in (read, write, *fds):
        os.close(fd)


def test_a_message_that_is_too_large_is_not_sent(pair):
    connection, other = pair
    with pytest.raises(ValueError, match="cannot send"):
        connection.send({"text": "x" * LARGEST_FRAME})
    connection.send({})
    assert other.recv(100) == b"\x02\0\0\0{}"


@pytest.mark.parametrize("bytes_", [
    b"", b"\1\0", b"\x09\0\0\0{", b"\1\0\0\0[", b"\2\0\0\0[]", b"\xff\xff\xff\xff{}",
    b"\2\0\0\0\xff\xff",
])
def test_what_is_no_frame_is_a_lost_connection(pair, bytes_):
    connection, other = pair
    other.send(bytes_)
    other.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionLost):
        connection.receive()


def test_nobody_at_the_other_end_is_a_lost_connection(pair):
    connection, other = pair
    other.close()
    with pytest.raises(ConnectionLost):
        connection.send({})
        connection.send({})


def test_a_descriptor_that_somebody_closed_is_a_lost_connection(pair):
    connection, _ = pair
    os.close(connection.fileno())
    with pytest.raises(ConnectionLost):
        connection.send({})
    connection.close()


@pytest.mark.parametrize("soft", [300, 1024, 2000, 5000])
def test_the_socket_is_out_of_the_way(soft):
    """Above the limit if that is a usual one, and the limit is as before."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and soft > before[1]:
        pytest.skip("the hard limit is lower")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        high = move_high(0)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    os.close(high)
    assert high >= 900
    assert high >= min(soft, 1024)
