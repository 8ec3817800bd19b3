#pragma once

#include "config/report.hpp"

namespace drawbridge::config {

// What the files of a listener's certificates are like at this moment, for check_environment.
void check_certificate(const Certificate& certificate, const Environment& environment, Report& report);
void check_client_certificates(const ClientCertificates& asked, const Environment& environment, Report& report);

}  // namespace drawbridge::config
