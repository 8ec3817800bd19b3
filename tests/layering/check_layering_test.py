#!/usr/bin/python3
"""The layering check finds what it is there to find, and nothing else."""

import pathlib
import tempfile
import unittest

import check_layering


def offences(path, text):
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True)
        file.write_text(text)
        return [offence[len(root) + 1 :] for offence in check_layering.check(pathlib.Path(root))]


class Layering(unittest.TestCase):
    def test_a_layer_may_include_itself_and_those_below(self):
        self.assertEqual(offences("policy/a.cpp", '#include "policy/a.hpp"\n#include "base/time.hpp"\n'), [])

    def test_a_layer_may_not_include_one_above(self):
        self.assertEqual(offences("ws/a.cpp", '\n#include "config/config.hpp"\n'), ["ws/a.cpp:2: ws includes config/config.hpp"])

    def test_a_quoted_include_names_a_layer(self):
        self.assertEqual(offences("ws/a.cpp", '#include "a.hpp"\n'), ["ws/a.cpp:1: ws includes a.hpp"])

    def test_sockets_and_tls_begin_at_net(self):
        for header in ("boost/asio/ip/tcp.hpp", "boost/asio.hpp", "boost/beast/http.hpp", "openssl/ssl.h"):
            with self.subTest(header):
                self.assertEqual(len(offences("policy/a.hpp", f"#include <{header}>\n")), 1)
                self.assertEqual(offences("net/a.hpp", f"#include <{header}>\n"), [])
        self.assertEqual(offences("config/a.cpp", "#include <openssl/x509.h>\n#include <boost/system/result.hpp>\n"), [])

    def test_nothing_below_net_reads_a_clock(self):
        for call in (
            "std::chrono::steady_clock::now()",
            "std::chrono::system_clock::now()",
            "Clock::now()",
            "time(nullptr)",
            "std::time(&t)",
            "gettimeofday(&t, nullptr)",
            "clock_gettime(CLOCK_MONOTONIC, &t)",
            "1'000 + Clock::now() + 2'000",
        ):
            with self.subTest(call):
                self.assertEqual(len(offences("base/a.cpp", f"auto t = {call};\n")), 1)
                self.assertEqual(offences("daemon/a.cpp", f"auto t = {call};\n"), [])

    def test_words_that_only_look_like_a_clock_are_fine(self):
        text = """// time(nullptr) is for net
auto a = "Clock::now()"; /* time(
0) */
char b = '\\''; char c = '\\x27';
auto deadline_time(int); Clock::time_point now;
"""
        self.assertEqual(offences("base/a.cpp", text), [])

    def test_a_library_links_only_those_below(self):
        self.assertEqual(offences("config/CMakeLists.txt", "drawbridge_layer(config\n  LINKS drawbridge_ws OpenSSL::Crypto)\n"), [])
        self.assertEqual(len(offences("config/CMakeLists.txt", "drawbridge_layer(config\n  LINKS drawbridge_policy)\n")), 1)
        self.assertEqual(len(offences("ws/CMakeLists.txt", "drawbridge_layer(ws LINKS OpenSSL::SSL)\n")), 1)
        self.assertEqual(len(offences("ws/CMakeLists.txt", "drawbridge_layer(ws LINKS drawbridge_asio)\n")), 1)

    def test_a_folder_must_be_a_layer(self):
        self.assertEqual(len(offences("utils/a.cpp", "")), 1)


if __name__ == "__main__":
    unittest.main()
