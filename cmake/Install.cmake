# `cmake --install`, and the Debian package that CPack makes of it (`./dev package`).

include(GNUInstallDirs)

install(TARGETS drawbridge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES conf/drawbridge.yaml DESTINATION /etc/drawbridge)
install(FILES systemd/drawbridge.service systemd/drawbridge.socket DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
# As in the checkout, so that links between the pages hold; the reference again, as the one in /etc gets edited.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN drawbridge.1 EXCLUDE)
install(FILES conf/drawbridge.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/conf)
install(FILES docs/drawbridge.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The drawbridge authors <authors@drawbridge.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "WebSocket-to-TCP bridge")
set(CPACK_PACKAGE_DESCRIPTION
    "Terminates TLS and WebSocket, decides whether a browser may cross, dials the TCP service behind the route and\n splices bytes both ways.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS procps) # kill(1), by which the service is reloaded
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/cmake/debian/conffiles ${CMAKE_SOURCE_DIR}/cmake/debian/postinst
    ${CMAKE_SOURCE_DIR}/cmake/debian/prerm ${CMAKE_SOURCE_DIR}/cmake/debian/postrm)
include(CPack)
