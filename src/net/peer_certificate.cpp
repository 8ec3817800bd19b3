#include "net/peer_certificate.hpp"

#include "base/text.hpp"
#include "config/pem.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <span>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

namespace drawbridge::net {
namespace {

// Both are kept for a session and compared with patterns; a certificate beyond them has what fits.
constexpr std::size_t longest_name = 255;  // bytes
constexpr std::size_t most_names = 64;
constexpr std::size_t longest_serial = 64;  // bytes; RFC 5280 §4.1.2.2 has 20

struct Free {
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::span<const unsigned char> bytes_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

// Control characters of Unicode: C0, DEL and C1, which is C2 80 to C2 9F in UTF-8.
bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

bool readable(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && is_utf8(text) && !has_control(text);
}

// Two of them would let one reader see another one than the next.
std::string common_name_of(const X509& certificate) {
  const X509_NAME* const subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const std::unique_ptr<unsigned char, Free> owned(utf8);
  if (size <= 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  return readable(name) ? name : std::string();
}

std::optional<std::string> address_text(std::span<const unsigned char> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

std::optional<std::string> text_of(const GENERAL_NAME* name) {
  int kind = 0;
  // Of the kinds below it is a string; of the others it is not looked at.
  const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &kind));
  if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI && kind != GEN_IPADD) return {};
  const auto bytes = bytes_of(value);
  if (kind == GEN_IPADD) {
    const auto address = address_text(bytes);
    return address ? std::optional("IP:" + *address) : std::nullopt;
  }
  std::string text(bytes.begin(), bytes.end());
  // IA5String: the rest of the bytes means nothing.
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii || !readable(text)) return {};
  if (kind == GEN_DNS) return "DNS:" + to_lower(text);
  return (kind == GEN_EMAIL ? "email:" : "URI:") + text;
}

std::vector<std::string> names_of(const X509& certificate) {
  // Null also where the extension is there twice.
  const std::unique_ptr<GENERAL_NAMES, Free> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()) && names.size() < most_names; ++i) {
    if (auto text = text_of(sk_GENERAL_NAME_value(all.get(), i))) names.push_back(*std::move(text));
  }
  return names;
}

std::string fingerprint_of(const X509& certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  // Without it the certificate could not be revoked.
  if (X509_digest(&certificate, EVP_sha256(), digest, &size) != 1) throw std::bad_alloc();
  return hex({digest, size});
}

}  // namespace

PeerCertificate read_certificate(const X509& certificate) {
  PeerCertificate read;
  read.common_name = common_name_of(certificate);
  read.names = names_of(certificate);
  read.fingerprint = fingerprint_of(certificate);
  const auto serial = bytes_of(X509_get0_serialNumber(&certificate));
  read.serial = hex(serial.first(std::min(serial.size(), longest_serial)));
  read.not_after = config::seconds_of(X509_get0_notAfter(&certificate));
  ERR_clear_error();
  return read;
}

}  // namespace drawbridge::net
