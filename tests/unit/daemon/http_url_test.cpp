// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "daemon/prober.h"

namespace comar {
namespace {

struct Case {
    const char* url;
    const char* host;
    int port;
    const char* path;
};

TEST(HttpUrl, GoodOnesAreTakenApart) {
    const Case cases[] = {
        {"http://127.0.0.1", "127.0.0.1", 80, "/"},
        {"http://127.0.0.1/", "127.0.0.1", 80, "/"},
        {"http://127.0.0.1:8080", "127.0.0.1", 8080, "/"},
        {"http://127.0.0.1:8080/health?deep=1", "127.0.0.1", 8080, "/health?deep=1"},
        {"http://localhost:1/a:b/c", "localhost", 1, "/a:b/c"},
        {"http://[::1]/x", "::1", 80, "/x"},
        {"http://[::1]:65535/", "::1", 65535, "/"},
        {"http://[fe80::1%25lo]:80/", "fe80::1%25lo", 80, "/"},
        {"http://127.0.0.1/]:3/", "127.0.0.1", 80, "/]:3/"},
    };
    for (const Case& one : cases) {
        const auto address = parse_http_url(one.url);
        ASSERT_TRUE(address) << one.url;
        EXPECT_EQ(address->host, one.host) << one.url;
        EXPECT_EQ(address->port, one.port) << one.url;
        EXPECT_EQ(address->path, one.path) << one.url;
    }
}

TEST(HttpUrl, BadOnesAreNone) {
    for (const char* url : {"",
                            "http",
                            "http:",
                            "http:/",
                            "http://",
                            "http:///x",
                            "http://:80/",
                            "http://[]/",
                            "HTTP://127.0.0.1/",
                            "https://127.0.0.1/",
                            "ftp://127.0.0.1/",
                            "127.0.0.1:80",
                            " http://127.0.0.1/",
                            "http://127.0.0.1:/",
                            "http://127.0.0.1:0/",
                            "http://127.0.0.1:65536/",
                            "http://127.0.0.1:-1/",
                            "http://127.0.0.1:+80/",
                            "http://127.0.0.1:80x/",
                            "http://127.0.0.1: 80/",
                            "http://127.0.0.1:99999999999999/",
                            "http://::1/",
                            "http://[::1"}) {
        EXPECT_FALSE(parse_http_url(url)) << url;
    }
}

TEST(HttpUrl, AHugeOneIsReadLikeAnyOther) {
    const std::string path = "/" + std::string(1 << 20, 'x');
    const auto address = parse_http_url("http://127.0.0.1:81" + path);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->path, path);
}

}  // namespace
}  // namespace comar
