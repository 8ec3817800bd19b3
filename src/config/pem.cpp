#include "config/pem.hpp"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace drawbridge::config {
namespace {

template <class T>
PemItems<T> items_of(const std::string& bytes,
                     typename T::pointer (*read)(BIO*, typename T::pointer*, pem_password_cb*, void*)) {
  ERR_clear_error();
  PemItems<T> found;
  const Bio bio = bio_of(bytes);
  while (T item{read(bio.get(), nullptr, nullptr, nullptr)}) found.items.push_back(std::move(item));
  const unsigned long last = ERR_peek_last_error();
  found.malformed = ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE;
  ERR_clear_error();
  return found;
}

}  // namespace

Bio bio_of(const std::string& bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

PemItems<X509Ptr> certificates_of(const std::string& bytes) {
  return items_of<X509Ptr>(bytes, PEM_read_bio_X509);
}

PemItems<CrlPtr> revocation_lists_of(const std::string& bytes) {
  return items_of<CrlPtr>(bytes, PEM_read_bio_X509_CRL);
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm calendar{};
  if (ASN1_TIME_to_tm(time, &calendar) != 1) return 0;
  return timegm(&calendar);
}

}  // namespace drawbridge::config
