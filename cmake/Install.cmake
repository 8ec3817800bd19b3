# `cmake --install`, and the Debian package that CPack makes of it (`./dev package`).

include(GNUInstallDirs)

install(TARGETS drawbridge RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES conf/drawbridge.yaml DESTINATION /etc/drawbridge)
install(FILES systemd/drawbridge.service systemd/drawbridge.socket DESTINATION lib/systemd/system)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
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
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/cmake/debian/conffiles ${CMAKE_SOURCE_DIR}/cmake/debian/postinst
    ${CMAKE_SOURCE_DIR}/cmake/debian/prerm ${CMAKE_SOURCE_DIR}/cmake/debian/postrm)
include(CPack)
