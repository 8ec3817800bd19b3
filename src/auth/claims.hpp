#pragma once

#include "auth/principal.hpp"
#include "config/config.hpp"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace drawbridge::auth {

// The claim of that name; if there is none, a dot leads into an object, so that "realm_access.roles" finds
// {"realm_access": {"roles": …}}. Null if there is none either way.
const boost::json::value* find_claim(const boost::json::object& claims, std::string_view name);

// One of the claim's items has one of the wanted values, or begins with one (`prefix`, texts only). Items are the claim
// itself, those of a list, or the words of a text that is named `scope` or `scp` (RFC 8693 §4.2). Numbers are compared
// by value, true and false by name; null and objects are never what is wanted.
bool satisfies(const boost::json::object& claims, const config::Requirement& requirement);

// What the claims (RFC 7519 §4) are worth at `now`, whoever signed them:
// - credential_invalid: malformed, without `exp`, not valid yet, from or for somebody else, of nobody
// - credential_expired
// - not_permitted: something in `require` does not hold
// Times are numbers from 0 to the end of the year 9999; `leeway` counts in whole seconds.
Result<Principal> judge_claims(const boost::json::object& claims, const config::JwtAuth& config, UnixSeconds now,
                               std::string& why);

}  // namespace drawbridge::auth
