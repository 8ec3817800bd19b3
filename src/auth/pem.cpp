#include "auth/pem.hpp"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace drawbridge::auth {
namespace {

template <auto function>
struct Release {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using PublicKey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;

struct Block {
  std::string name;
  std::string content;
};

void release(void* memory) {
  OPENSSL_free(memory);
}

std::optional<Block> next_block(BIO* source) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* content = nullptr;
  long size = 0;
  if (PEM_read_bio(source, &name, &header, &content, &size) != 1) return {};
  Block block{name, std::string(content, content + size)};
  release(name);
  release(header);
  OPENSSL_clear_free(content, static_cast<std::size_t>(size));
  return block;
}

PublicKey public_key(const Block& block) {
  // OpenSSL reads DER through a pointer of its own type.
  const auto* der = reinterpret_cast<const unsigned char*>(block.content.data());
  const auto size = static_cast<long>(block.content.size());
  if (block.name == PEM_STRING_PUBLIC) return PublicKey(d2i_PUBKEY(nullptr, &der, size));
  if (block.name == PEM_STRING_RSA_PUBLIC) return PublicKey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &der, size));
  const std::unique_ptr<X509, Release<X509_free>> certificate(d2i_X509(nullptr, &der, size));
  return PublicKey(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

std::string number(const EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &value) != 1) return {};
  const std::unique_ptr<BIGNUM, Release<BN_free>> owner(value);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(value)));
  BN_bn2bin(value, bytes.data());
  return {bytes.begin(), bytes.end()};
}

Curve curve_of(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return Curve::none;
  const std::string_view text(name.data());
  if (text == SN_X9_62_prime256v1) return Curve::p256;
  if (text == SN_secp384r1) return Curve::p384;
  if (text == SN_secp521r1) return Curve::p521;
  return Curve::none;
}

std::optional<KeyMaterial> material_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    return RsaNumbers{number(key, OSSL_PKEY_PARAM_RSA_N), number(key, OSSL_PKEY_PARAM_RSA_E)};
  }
  if (EVP_PKEY_is_a(key, "EC") == 1 && curve_of(key) != Curve::none) {
    return EcPoint{curve_of(key), number(key, OSSL_PKEY_PARAM_EC_PUB_X), number(key, OSSL_PKEY_PARAM_EC_PUB_Y)};
  }
  return {};
}

bool holds_public_key(const Block& block, std::string& why) {
  if (block.name.find("PRIVATE KEY") != std::string::npos) {
    why = "it holds a private key: export the public one, and give that";
    return false;
  }
  why = "it holds something that is neither a public key nor a certificate";
  return block.name == PEM_STRING_PUBLIC || block.name == PEM_STRING_RSA_PUBLIC || block.name == PEM_STRING_X509;
}

}  // namespace

std::optional<std::vector<std::optional<KeyMaterial>>> read_pem(std::string_view text, std::size_t most,
                                                                std::string& why) {
  ERR_clear_error();
  const std::unique_ptr<BIO, Release<BIO_free>> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<std::optional<KeyMaterial>> keys;
  while (const auto block = next_block(source.get())) {
    if (!holds_public_key(*block, why)) return {};
    if (keys.size() == most) {
      why = fmt::format("it holds more than {} keys", most);
      return {};
    }
    const PublicKey key = public_key(*block);
    if (!key) {
      why = fmt::format("its block {} cannot be read", keys.size() + 1);
      ERR_clear_error();
      return {};
    }
    keys.push_back(material_of(key.get()));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end || keys.empty()) {
    why = keys.empty() ? "it holds no PEM block that can be read"
                       : fmt::format("its block {} cannot be read", keys.size() + 1);
    return {};
  }
  why.clear();
  return keys;
}

}  // namespace drawbridge::auth
