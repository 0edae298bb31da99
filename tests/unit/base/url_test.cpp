// SPDX-License-Identifier: Apache-2.0
// Web addresses that a generated file may hold, and those that its reader would refuse.
#include "lib/base/url.hpp"

#include <doctest/doctest.h>

using namespace obsctl;

TEST_CASE("web addresses are scheme, host, port and what may follow") {
  for (const char* url : {"http://a", "https://hooks.example.com/services/T/B/x?y=1#z",
                          "http://user:pw@a.example:8080/", "http://[2001:db8::1]:9090/x",
                          "https://a.example/%41", "http://alert_gateway:80"}) {
    CAPTURE(url);
    CHECK(is_web_url(url));
  }
  for (const char* url :
       {"", "a.example", "ftp://a", "http://", "https:///x", "http://a{b}|c", "http://%zz/",
        "http://a/%4", "http://a b/", "http://a:0/", "http://a:99999/", "http://a:/",
        "http://[::1/", "http://a\\b", "http://a/\"x", "http://ä/"}) {
    CAPTURE(url);
    CHECK_FALSE(is_web_url(url));
  }
}

TEST_CASE("an origin has nothing but scheme, host and port") {
  CHECK(is_web_origin("https://app.example.com:8443"));
  CHECK_FALSE(is_web_origin("https://app.example.com/"));
  CHECK_FALSE(is_web_origin("https://u@app.example.com"));
}
