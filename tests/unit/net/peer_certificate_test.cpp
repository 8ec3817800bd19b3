#include "net/peer_certificate.hpp"

#include "config/pem.hpp"
#include "support/authority.hpp"

#include <ctime>

#include <boost/test/unit_test.hpp>
#include <openssl/ec.h>
#include <openssl/x509v3.h>

using namespace drawbridge;
using testing::Wish;

namespace {

config::X509Ptr issue(const Wish& wish = {}) {
  static const testing::Authority authority("Test CA");
  const std::string pem = authority.issue(wish).chain;
  return std::move(config::certificates_of(pem).items.at(0));
}

net::PeerCertificate read(const Wish& wish) {
  return net::read_certificate(*issue(wish));
}

std::string common_name(const std::vector<std::string>& names) {
  return read({.common_names = names}).common_name;
}

// What is read of a certificate that was changed.
net::PeerCertificate read_signed(X509* certificate) {
  const config::KeyPtr key(EVP_EC_gen("P-256"));
  BOOST_REQUIRE(X509_sign(certificate, key.get(), EVP_sha256()) > 0);
  return net::read_certificate(*certificate);
}

// Of a certificate whose only alternative name is of that kind, with those bytes.
std::vector<std::string> names_with(int kind, std::string_view bytes) {
  const config::X509Ptr certificate = issue();
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_STRING* const text = ASN1_STRING_type_new(kind == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  ASN1_STRING_set(text, bytes.data(), static_cast<int>(bytes.size()));
  GENERAL_NAME_set0_value(name, kind, text);
  GENERAL_NAMES* const names = GENERAL_NAMES_new();
  sk_GENERAL_NAME_push(names, name);
  BOOST_REQUIRE(X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names, 0, 0) == 1);
  GENERAL_NAMES_free(names);
  return read_signed(certificate.get()).names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_certificate)

BOOST_AUTO_TEST_CASE(a_certificate_says_who_it_is_and_for_how_long) {
  const std::time_t before = std::time(nullptr);
  const net::PeerCertificate certificate = read(
      {.common_names = {"anna"},
       .alternatives = "DNS:A.test,email:Anna@example.org,URI:spiffe://example.org/Desk,IP:10.0.0.1,IP:2001:DB8::1",
       .end = 1'000});
  BOOST_TEST(certificate.common_name == "anna");
  const std::vector<std::string> expected{"DNS:a.test", "email:Anna@example.org", "URI:spiffe://example.org/Desk",
                                          "IP:10.0.0.1", "IP:2001:db8::1"};
  BOOST_TEST(certificate.names == expected, boost::test_tools::per_element());
  BOOST_TEST(certificate.fingerprint.size() == 64U);
  BOOST_TEST(certificate.fingerprint.find_first_not_of("0123456789abcdef") == std::string::npos);
  BOOST_TEST(certificate.not_after >= before + 1'000);
  BOOST_TEST(certificate.not_after <= std::time(nullptr) + 1'000);
  BOOST_TEST(read({}).fingerprint != certificate.fingerprint);
}

BOOST_AUTO_TEST_CASE(the_serial_number_is_all_its_digits) {
  const config::X509Ptr certificate = issue();
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), 0x0A'0B'FF);
  BOOST_TEST(read_signed(certificate.get()).serial == "0a0bff");
}

BOOST_AUTO_TEST_CASE(a_common_name_counts_only_if_there_is_one_that_can_be_read) {
  using namespace std::string_literals;
  BOOST_TEST(common_name({"Änne Ölßner"}) == "Änne Ölßner");
  BOOST_TEST(common_name({}) == "");
  BOOST_TEST(common_name({"anna", "root"}) == "");
  BOOST_TEST(common_name({"root\0.example.org"s}) == "");
  BOOST_TEST(common_name({"anna\nroot"}) == "");
  BOOST_TEST(common_name({"anna\x7F"}) == "");
  BOOST_TEST(common_name({"anna\xC2\x9Broot"}) == "");  // CSI
  BOOST_TEST(common_name({"anna\xC2\xA0root"}) == "anna\xC2\xA0root");
  BOOST_TEST(common_name({std::string(255, 'a')}) == std::string(255, 'a'));
  BOOST_TEST(common_name({std::string(256, 'a')}) == "");
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_read_are_left_out) {
  using namespace std::string_view_literals;
  using Names = std::vector<std::string>;
  BOOST_TEST((names_with(GEN_DNS, "a.test") == Names{"DNS:a.test"}));
  BOOST_TEST((names_with(GEN_DNS, "a.test\0.evil.test"sv) == Names{}));
  BOOST_TEST((names_with(GEN_EMAIL, "a@b.test\n") == Names{}));
  BOOST_TEST((names_with(GEN_URI, "spiffe://\xC3\xA4") == Names{}));
  BOOST_TEST((names_with(GEN_DNS, "") == Names{}));
  BOOST_TEST((names_with(GEN_DNS, std::string(256, 'a')) == Names{}));
  BOOST_TEST((names_with(GEN_IPADD, "\x0A\0\0\x01"sv) == Names{"IP:10.0.0.1"}));
  BOOST_TEST((names_with(GEN_IPADD, "\x0A\0\0"sv) == Names{}));
  BOOST_TEST((names_with(GEN_IPADD, "") == Names{}));
  const Wish other_kinds{.alternatives = "RID:1.2.3.4,otherName:1.2.3.4;UTF8:DNS,DNS:a.test"};
  BOOST_TEST((read(other_kinds).names == Names{"DNS:a.test"}));
}

BOOST_AUTO_TEST_CASE(of_very_many_names_the_first_count) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += (many.empty() ? "DNS:h" : ",DNS:h") + std::to_string(i);
  const auto names = read({.alternatives = many}).names;
  BOOST_REQUIRE(names.size() == 64U);
  BOOST_TEST(names.back() == "DNS:h63");
}

BOOST_AUTO_TEST_SUITE_END()
